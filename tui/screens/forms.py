"""Actions that ask for more first: run, rename, tag, load, save, a shell of one's choice."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydock.core import ids
from pydock.core.errors import Conflict, Invalid, NotFound, PydockError

from ..acts.action import Target
from ..dialogs import fields
from ..dialogs.form import Field, Form, Values
from ..dialogs.load import LoadDialog
from ..text import size
from . import shells

if TYPE_CHECKING:
    from pydock.core.schema.containers import ContainerInspect

    from .main import MainScreen


async def run(screen: MainScreen, targets: Sequence[Target]) -> None:
    """Ask what a container of this image needs, create it, start it and show its log.

    What the engine refuses (a name that is taken) opens the form again with what was typed.
    """
    fields_shown = await _run_fields(screen, targets[0])
    wrong = ""
    while True:
        form = Form(
            f"Run {targets[0].name}", fields_shown, verb="create and start", check=_run_refusal, wrong=wrong
        )
        values = await screen.app.push_screen_wait(form)
        if values is None:
            return
        try:
            made = await screen.need_client().containers.create(
                fields.create_request(values), str(values["name"]) or None
            )
        except (Conflict, Invalid, NotFound) as error:
            wrong = error.message
            fields_shown = [replace(field, value=values[field.key]) for field in fields_shown]
        else:
            break
    for warning in made.warnings or ():
        screen.complain(warning, severity="warning")
    screen.places.jump("container", made.id)
    await screen.need_client().containers.start(made.id)
    screen.say("started")


async def _run_fields(screen: MainScreen, image: Target) -> list[Field]:
    defaults = await screen.need_client().images.inspect(image.id)
    exposed = (defaults.config.exposed_ports or {}) if defaults.config else {}
    words = [*(defaults.config.entrypoint or ()), *(defaults.config.cmd or ())] if defaults.config else []
    return [
        Field("image", "image", image.name),
        Field("name", "name", "", "made up when empty"),
        Field("command", "command", "", shlex.join(words) or "none in the image: needed"),
        Field("ports", "ports", "", _ports_hint(list(exposed))),
        Field("env", "environment", "", "KEY=value OTHER='with blanks'"),
        Field("volumes", "volumes", "", "/host/dir:/in/container data:/var/lib/data:ro"),
        Field("network", "network", "", "bridge"),
        Field("tty", "terminal", False, "give it a terminal, as -it does"),
        Field("remove", "remove", False, "remove it when it ends, as --rm does"),
    ]


def _ports_hint(exposed: Sequence[str]) -> str:
    if not exposed:
        return "8080:80 127.0.0.1:53:53/udp"
    return "the image exposes " + ", ".join(port.removesuffix("/tcp") for port in exposed)


def _run_refusal(values: Values) -> str:
    name = str(values["name"])
    if name and not ids.valid_name(name):
        return f"not a name: {name}: letters, digits, _ . - and not one of these first"
    return fields.refusal(values)


async def rename(screen: MainScreen, targets: Sequence[Target]) -> None:
    target = targets[0]
    values = await screen.app.push_screen_wait(
        Form(f"Rename {target.name}", (Field("name", "new name", target.name),), verb="rename")
    )
    if values is not None and values["name"] != target.name:
        await screen.need_client().containers.rename(target.id, str(values["name"]))
        screen.say(f"renamed {values['name']}")


async def tag(screen: MainScreen, targets: Sequence[Target]) -> None:
    target = targets[0]
    values = await screen.app.push_screen_wait(
        Form(f"Tag {target.name}", (Field("name", "further name", "", "name or name:tag"),), verb="tag")
    )
    if values is None or not values["name"]:
        return
    repo, tag_name = _split_reference(str(values["name"]))
    await screen.need_client().images.tag(target.id, repo, tag_name)
    screen.say(f"tagged {values['name']}")


def _split_reference(name: str) -> tuple[str, str]:
    """`registry:5000/a/b:c` to its repository and its tag; the tag is after the last slash only."""
    head, slash, last = name.rpartition("/")
    repo, _, tag_name = last.partition(":")
    return f"{head}{slash}{repo}", tag_name


async def shell_as(screen: MainScreen, targets: Sequence[Target]) -> None:
    target = targets[0]
    values = await screen.app.push_screen_wait(
        Form(
            f"Shell in {target.name}",
            (
                Field("command", "program", "", "best of " + ", ".join(screen.settings.shells)),
                Field("user", "user", "", "the container's"),
                Field("directory", "directory", "", "the container's"),
            ),
            verb="open",
        )
    )
    if values is not None:
        command = fields.command(values["command"])
        await shells.start(
            screen, target, command, user=str(values["user"]), directory=str(values["directory"])
        )


async def load(screen: MainScreen, targets: Sequence[Target]) -> None:
    client = screen.need_client()

    async def send(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
        async for progress in client.images.load(chunks):
            if progress.error:
                raise Invalid(progress.error)
            if text := (progress.stream or progress.status or "").strip():
                yield text

    said = await screen.app.push_screen_wait(LoadDialog(send))
    if said is not None:
        screen.say(said)


async def save(screen: MainScreen, targets: Sequence[Target]) -> None:
    names = [target.name for target in targets]
    start = names[0].replace("/", "_").replace(":", "_") + ".tar"
    values = await screen.app.push_screen_wait(
        Form(f"Save {', '.join(names)}", (Field("path", "to file", start),), verb="save")
    )
    if values is None or not values["path"]:
        return
    path = Path(str(values["path"])).expanduser()
    written = 0
    try:
        # "x": nothing that exists is written over.
        with await asyncio.to_thread(path.open, "xb") as file:
            try:
                async for chunk in screen.need_client().images.save(names):
                    written += await asyncio.to_thread(file.write, chunk)
            except (PydockError, OSError, asyncio.CancelledError):
                path.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise Invalid(f"{path}: {error.strerror}") from error
    screen.say(f"saved {size(written).strip()} to {path}")


def run_line(record: ContainerInspect) -> str:
    """The `docker run` that would make this container again, as far as its record says."""
    words = ["docker", "run", "-d", "--name", record.name.lstrip("/")]
    config, host = record.config, record.host_config
    if config.tty:
        words.append("-t")
    for key, bindings in (host.port_bindings or {}).items() if host else ():
        for binding in bindings or ():
            address = f"{binding.host_ip}:" if binding.host_ip else ""
            words += ["-p", f"{address}{binding.host_port}:{key.removesuffix('/tcp')}"]
    for bind in (host.binds or ()) if host else ():
        words += ["-v", bind]
    for variable in config.env or ():
        words += ["-e", variable]
    return shlex.join([*words, config.image, *(config.cmd or ())])
