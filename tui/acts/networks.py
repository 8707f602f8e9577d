"""What can be done to networks."""

from __future__ import annotations

from .action import Action, Target

_OWN = ("bridge", "host", "none")


def removable(target: Target) -> str:
    """The three networks that every engine has stay."""
    return f"{target.name} is a network of the engine itself" if target.name in _OWN else ""


REMOVALS = (
    Action(
        id="network.remove.plain",
        label="remove",
        scope="menu",
        help="refused while containers are on it",
        check=removable,
        run=lambda client, target: client.networks.remove(target.id),
        done="removed",
        docker="docker network rm {name}",
        needs_engine=True,
    ),
)

ACTIONS = (
    Action(
        "network.inspect",
        "inspect",
        ("i", "enter"),
        "network",
        "show the record and who is on it",
        1,
        docker="docker network inspect {name}",
    ),
    Action(
        "network.remove",
        "remove",
        ("d", "D"),
        "network",
        "remove; never acts at once",
        2,
        check=removable,
        menu=tuple(action.id for action in REMOVALS),
        needs_engine=True,
    ),
    Action("network.copy", "copy", ("y",), "network", "copy the id", 3),
    *REMOVALS,
)
