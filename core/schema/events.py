"""The engine's event stream, one JSON object an event."""

from __future__ import annotations

from .wire import Wire, always, fresh, names


class Actor(Wire, rename=names(id="ID", attributes="Attributes")):
    """The object that an event is about."""

    id: str = always("")
    attributes: dict[str, str] = always({})


class Event(
    Wire,
    rename=names(
        status="status",
        id="id",
        from_="from",
        scope="scope",
        time="time",
        time_nano="timeNano",
    ),
):
    """`status`, `id` and `from` repeat action, object and image for old clients; `time` is in seconds."""

    status: str = ""
    id: str = ""
    from_: str = ""
    type: str = always("")
    action: str = always("")
    actor: Actor = fresh(Actor)
    scope: str = always("local")
    time: int = always(0)
    time_nano: int = always(0)
