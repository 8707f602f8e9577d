"""What can be done to containers."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from .action import Action, Check, Run, Target

if TYPE_CHECKING:
    from pydock.core.client import Client

_UP = ("running", "restarting", "paused")


def only(*states: str, why: str) -> Check:
    """A check that lets only these states pass."""

    def check(target: Target) -> str:
        return "" if target.state in states else f"{target.name} {why}"

    return check


running = only("running", why="is not running")
up = only("running", "restarting", "paused", why="is not running")
down = only("created", "exited", "dead", why="runs: stop it first (s), or remove with force")
pausable = only("running", "paused", why="is not running")


def toggle(client: Client, target: Target) -> Awaitable[object]:
    """Stop what runs, start what does not; stopping gives a container the time that it asked for."""
    return client.containers.stop(target.id) if target.state in _UP else client.containers.start(target.id)


def pause(client: Client, target: Target) -> Awaitable[object]:
    paused = target.state == "paused"
    return client.containers.unpause(target.id) if paused else client.containers.pause(target.id)


def _kill(signal: str) -> Run:
    return lambda client, target: client.containers.kill(target.id, signal)


def _signal(signal: str, help: str) -> Action:
    return Action(
        id=f"container.kill.{signal.lower()}",
        label=f"send {signal}",
        scope="menu",
        help=help,
        check=up,
        run=_kill(signal),
        done=f"sent {signal} to",
        docker=f"docker kill -s {signal} {{name}}",
        needs_engine=True,
    )


SIGNALS = (
    _signal("SIGKILL", "end it at once"),
    _signal("SIGTERM", "ask it to end"),
    _signal("SIGINT", "as ctrl-c does"),
    _signal("SIGHUP", "often: read the configuration again"),
    _signal("SIGUSR1", "what the program makes of it"),
    _signal("SIGQUIT", "end with a core or a stack dump"),
)

REMOVALS = (
    Action(
        id="container.remove.plain",
        label="remove",
        scope="menu",
        help="the container and its writable layer; volumes stay",
        check=down,
        run=lambda client, target: client.containers.remove(target.id),
        done="removed",
        docker="docker rm {name}",
        needs_engine=True,
    ),
    Action(
        id="container.remove.volumes",
        label="remove with volumes",
        scope="menu",
        help="also the volumes without a name that it made",
        check=down,
        run=lambda client, target: client.containers.remove(target.id, volumes=True),
        done="removed",
        docker="docker rm -v {name}",
        needs_engine=True,
    ),
    Action(
        id="container.remove.force",
        label="remove with force",
        scope="menu",
        help="kill it if it runs, then remove it",
        run=lambda client, target: client.containers.remove(target.id, force=True),
        done="removed",
        docker="docker rm -f {name}",
        needs_engine=True,
    ),
    Action(
        id="container.remove.force-volumes",
        label="remove with force and volumes",
        scope="menu",
        help="kill it, remove it and its volumes without a name",
        run=lambda client, target: client.containers.remove(target.id, force=True, volumes=True),
        done="removed",
        docker="docker rm -fv {name}",
        needs_engine=True,
    ),
)

COPIES = tuple(
    Action(id=f"container.copy.{what}", label=label, scope="menu", help="")
    for what, label in (
        ("id", "copy id"),
        ("name", "copy name"),
        ("image", "copy image"),
        ("address", "copy address"),
        ("run", "copy as docker run"),
    )
)

ACTIONS = (
    Action("container.logs", "logs", ("l", "m"), "container", "watch the log in the detail pane", 3),
    Action(
        "container.shell",
        "shell",
        ("e", "x"),
        "container",
        "open a shell in a pane of the split area",
        4,
        check=running,
        docker="docker exec -it {name} sh",
        needs_engine=True,
        takes_keys=True,
    ),
    Action(
        "container.shell-as",
        "shell as",
        ("E",),
        "container",
        "open a shell with a chosen program, user and directory",
        check=running,
        docker="docker exec -it -u USER -w DIR {name} SHELL",
        needs_engine=True,
        takes_keys=True,
    ),
    Action(
        "container.toggle",
        "stop/start",
        ("s",),
        "container",
        "stop what runs, start what does not",
        1,
        confirm="many",
        run=toggle,
        done="stopped or started",
        docker="docker stop|start {name}",
        needs_engine=True,
    ),
    Action(
        "container.start",
        "start",
        scope="container",
        check=only("created", "exited", "dead", why="runs already"),
        run=lambda client, target: client.containers.start(target.id),
        done="started",
        docker="docker start {name}",
        needs_engine=True,
    ),
    Action(
        "container.stop",
        "stop",
        scope="container",
        check=up,
        confirm="many",
        run=lambda client, target: client.containers.stop(target.id),
        done="stopped",
        docker="docker stop {name}",
        needs_engine=True,
    ),
    Action(
        "container.restart",
        "restart",
        ("r",),
        "container",
        "stop and start again",
        2,
        confirm="many",
        run=lambda client, target: client.containers.restart(target.id),
        done="restarted",
        docker="docker restart {name}",
        needs_engine=True,
    ),
    Action(
        "container.pause",
        "pause/resume",
        ("p",),
        "container",
        "freeze all processes, or let them go on",
        check=pausable,
        confirm="many",
        run=pause,
        done="paused or resumed",
        docker="docker pause|unpause {name}",
        needs_engine=True,
    ),
    Action(
        "container.attach",
        "attach",
        ("a",),
        "container",
        "connect to the first process in a pane",
        7,
        check=running,
        docker="docker attach {name}",
        needs_engine=True,
        takes_keys=True,
    ),
    Action("container.split", "log to split", ("L",), "container", "add the log to the split area", 6),
    Action("container.merge", "merge logs", ("M",), "container", "the logs of all marked in one pane"),
    Action(
        "container.command",
        "command",
        ("!",),
        "container",
        "run a command line in all marked; their answers side by side",
        check=running,
        docker="docker exec {name} sh -c COMMAND",
        needs_engine=True,
        takes_keys=True,
    ),
    Action(
        "container.kill",
        "kill",
        ("ctrl+k",),
        "container",
        "choose a signal to send",
        check=up,
        menu=tuple(action.id for action in SIGNALS),
        needs_engine=True,
    ),
    Action(
        "container.remove",
        "remove",
        ("d", "D"),
        "container",
        "choose how to remove; never acts at once",
        5,
        menu=tuple(action.id for action in REMOVALS),
        needs_engine=True,
    ),
    Action(
        "container.rename",
        "rename",
        ("R",),
        "container",
        "give another name",
        docker="docker rename {name} NEW",
        needs_engine=True,
        takes_keys=True,
    ),
    Action(
        "container.inspect",
        "inspect",
        ("i",),
        "container",
        "show the whole record",
        docker="docker inspect {name}",
    ),
    Action(
        "container.stats", "stats", ("t",), "container", "show the usage graphs", docker="docker stats {name}"
    ),
    Action(
        "container.copy",
        "copy",
        ("y",),
        "container",
        "copy id, name or address to the clipboard (OSC 52)",
        menu=tuple(action.id for action in COPIES),
    ),
    *SIGNALS,
    *REMOVALS,
    *COPIES,
)
