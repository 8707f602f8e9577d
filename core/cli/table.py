"""Every command's name, and where it is. Names only: looking one up imports nothing."""

from __future__ import annotations

_CONTAINER = {
    "attach": "stream:ATTACH",
    "commit": "copy:COMMIT",
    "cp": "copy:CP",
    "create": "run:CREATE",
    "diff": "look:DIFF",
    "exec": "exec:EXEC",
    "export": "copy:EXPORT",
    "inspect": "inspect:CONTAINER",
    "kill": "lifecycle:KILL",
    "logs": "stream:LOGS",
    "ls": "ps:PS",
    "list": "ps:PS",
    "ps": "ps:PS",
    "pause": "lifecycle:PAUSE",
    "port": "look:PORT",
    "prune": "prune:CONTAINERS",
    "rename": "lifecycle:RENAME",
    "restart": "lifecycle:RESTART",
    "rm": "lifecycle:REMOVE",
    "remove": "lifecycle:REMOVE",
    "run": "run:RUN",
    "start": "start:START",
    "stats": "stats:STATS",
    "stop": "lifecycle:STOP",
    "top": "look:TOP",
    "unpause": "lifecycle:UNPAUSE",
    "update": "update:UPDATE",
    "wait": "lifecycle:WAIT",
}
_IMAGE = {
    "history": "images:HISTORY",
    "import": "archives:IMPORT",
    "inspect": "inspect:IMAGE",
    "load": "archives:LOAD",
    "ls": "images:IMAGES",
    "list": "images:IMAGES",
    "prune": "prune:IMAGES",
    "pull": "archives:PULL",
    "push": "registries:PUSH",
    "rm": "images:REMOVE",
    "remove": "images:REMOVE",
    "save": "archives:SAVE",
    "tag": "images:TAG",
}
_NETWORK = {
    "connect": "networks:CONNECT",
    "create": "networks:CREATE",
    "disconnect": "networks:DISCONNECT",
    "inspect": "inspect:NETWORK",
    "ls": "networks:LIST",
    "list": "networks:LIST",
    "prune": "prune:NETWORKS",
    "rm": "networks:REMOVE",
    "remove": "networks:REMOVE",
}
_VOLUME = {
    "create": "volumes:CREATE",
    "inspect": "inspect:VOLUME",
    "ls": "volumes:LIST",
    "list": "volumes:LIST",
    "prune": "prune:VOLUMES",
    "rm": "volumes:REMOVE",
    "remove": "volumes:REMOVE",
}
_REGISTRY = {
    "collect": "registries:COLLECT",
    "passwd": "registries:PASSWD",
    "serve": "registries:SERVE",
}
_SYSTEM = {
    "check": "system:CHECK",
    "df": "disk:DF",
    "dial-stdio": "dial:DIAL",
    "events": "events:EVENTS",
    "info": "system:INFO",
    "prune": "prune:SYSTEM",
}

GROUPS = {
    "container": ("Manage containers", _CONTAINER),
    "image": ("Manage images", _IMAGE),
    "network": ("Manage networks", _NETWORK),
    "volume": ("Manage volumes", _VOLUME),
    "registry": ("Serve a registry of your own", _REGISTRY),
    "system": ("Manage pydock", _SYSTEM),
}

_SHORT = ("ls", "list", "inspect", "prune", "remove", "ps")

COMMANDS: dict[str, str] = {
    **{name: place for name, place in _CONTAINER.items() if name not in _SHORT},
    "ps": "ps:PS",
    "history": "images:HISTORY",
    "images": "images:IMAGES",
    "import": "archives:IMPORT",
    "inspect": "inspect:ANY",
    "load": "archives:LOAD",
    "login": "registries:LOGIN",
    "logout": "registries:LOGOUT",
    "pull": "archives:PULL",
    "push": "registries:PUSH",
    "rmi": "images:REMOVE",
    "save": "archives:SAVE",
    "tag": "images:TAG",
    "events": "events:EVENTS",
    "info": "system:INFO",
    "version": "system:VERSION",
}

# What changes nothing: the engine under it mends no more than what would be shown wrong.
READING = frozenset(
    {
        "archives:SAVE", "copy:CP", "copy:EXPORT", "disk:DF", "events:EVENTS", "exec:EXEC", "images:HISTORY",
        "images:IMAGES", "inspect:ANY", "inspect:CONTAINER", "inspect:IMAGE", "inspect:NETWORK",
        "inspect:VOLUME", "lifecycle:WAIT", "look:DIFF", "look:PORT", "look:TOP", "networks:LIST", "ps:PS",
        "stats:STATS", "stream:ATTACH", "stream:LOGS", "system:INFO", "system:VERSION", "volumes:LIST",
    }
)  # fmt: skip
# What starts a process: its spawner starts while the rest is imported.
STARTING = frozenset({"archives:LOAD", "run:RUN", "start:START"})


def find(words: list[str]) -> tuple[str, str, int] | None:
    """Return a command's full name, its place ("module:NAME"), and how many words name it."""
    if len(words) > 1 and words[0] in GROUPS:
        place = GROUPS[words[0]][1].get(words[1])
        return None if place is None else (f"{words[0]} {words[1]}", place, 2)
    place = COMMANDS.get(words[0])
    return None if place is None else (words[0], place, 1)


def aliases(place: str) -> list[str]:
    """Return all names of the command at this place."""
    grouped = [
        f"{group} {name}"
        for group, (_, commands) in GROUPS.items()
        for name, found in commands.items()
        if found == place
    ]
    return grouped + [name for name, found in COMMANDS.items() if found == place]
