"""`docker top`: the processes of a container as ps(1) would show them, read from /proc (proc_pid_stat(5))."""

from __future__ import annotations

import os
import pwd
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import Conflict, Invalid
from ..runtime import cgroups
from ..schema.containers import Top
from . import prepare
from .context import Context

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Process:
    """One process. Times in seconds, `started` since the epoch, sizes in bytes."""

    pid: int
    ppid: int
    uid: int
    state: str
    nice: int
    threads: int
    terminal: int
    cpu: float
    started: float
    virtual: int
    resident: int
    name: str
    command: str


def top(ctx: Context, reference: str, ps_args: str) -> Top:
    """List the processes; `ps_args` chooses the columns (-ef, aux, -o a,b). Raises Conflict, Invalid."""
    container = ctx.book.find(reference)
    if not container.pid:
        raise Conflict(f"container {container.id} is not running")
    columns = choose(ps_args)
    group = cgroups.group(prepare.cgroups_path(container), ctx.host)
    boot = _boot_time()
    found = [process for pid in _pids(group, container.pid) if (process := read(pid, boot)) is not None]
    rows = [[_COLUMNS[name][1](process) for _, name in columns] for process in found]
    return Top(titles=[title for title, _ in columns], processes=rows)


def _pids(group: cgroups.Group, first: int) -> Sequence[int]:
    return sorted(cgroups.pids(group)) or [first]


def choose(ps_args: str) -> list[tuple[str, str]]:
    """Read ps's arguments as far as they choose columns: pairs of title and column; raises Invalid."""
    try:
        words = shlex.split(ps_args or "-ef")
    except ValueError as err:
        raise Invalid(f"invalid ps arguments: {err}") from err
    wanted: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in ("-o", "-eo", "o", "--format", "-Ao"):
            wanted += next(rest, "").split(",")
        elif word.startswith("-o"):
            wanted += word[2:].split(",")
    if wanted:
        return [_asked(text) for text in wanted if text]
    style = words[0] if words else "-ef"
    names = _BSD if style.lstrip("-") in ("aux", "axu", "auxw", "auxww", "u") else _FULL
    return [(_COLUMNS[name][0], name) for name in names]


def _asked(text: str) -> tuple[str, str]:
    name, equals, title = text.partition("=")
    name = _ALIASES.get(name.strip().lower(), name.strip().lower())
    if name not in _COLUMNS:
        raise Invalid(f'ps: error: unknown user-defined format specifier "{name}"')
    return (title if equals else _COLUMNS[name][0]), name


def read(pid: int, boot: float) -> Process | None:
    """Read one process; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read()
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            arguments = file.read()
        uid = os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None
    return parse(stat, arguments, uid, boot)


def parse(stat: bytes, arguments: bytes, uid: int, boot: float) -> Process:
    """Read the text of /proc/<pid>/stat; a name may hold blanks and parentheses."""
    pid, _, rest = stat.partition(b" (")
    name, _, numbers = rest.rpartition(b") ")
    fields = numbers.split()
    text = name.decode(errors="replace")
    command = arguments.rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
    return Process(
        pid=int(pid),
        ppid=int(fields[1]),
        uid=uid,
        state=fields[0].decode(),
        nice=int(fields[16]),
        threads=int(fields[17]),
        terminal=int(fields[4]),
        cpu=(int(fields[11]) + int(fields[12])) / _TICKS,
        started=boot + int(fields[19]) / _TICKS,
        virtual=int(fields[20]),
        resident=int(fields[21]) * _PAGE,
        name=text,
        command=command or f"[{text}]",
    )


def _boot_time() -> float:
    with open("/proc/stat", "rb") as file:
        for line in file:
            if line.startswith(b"btime "):
                return float(line.split()[1])
    return 0.0


def _user(process: Process) -> str:
    try:
        return pwd.getpwuid(process.uid).pw_name
    except KeyError:
        return str(process.uid)


def _start(process: Process) -> str:
    then = time.localtime(process.started)
    recent = time.time() - process.started < _DAY
    return time.strftime("%H:%M" if recent else "%b%d", then)


def _cpu_time(process: Process) -> str:
    minutes, seconds = divmod(int(process.cpu), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}"


def _cpu_share(process: Process) -> float:
    alive = max(time.time() - process.started, 1e-3)
    return 100 * process.cpu / alive


def _memory_share(process: Process) -> float:
    return 100 * process.resident / (os.sysconf("SC_PHYS_PAGES") * _PAGE)


def _terminal(process: Process) -> str:
    if not process.terminal:
        return "?"
    major = process.terminal >> 8 & 0xFFF
    minor = process.terminal & 0xFF | process.terminal >> 12 & 0xFFF00
    return f"pts/{minor + (major - 136) * 256}" if 136 <= major <= 143 else f"tty{minor}"


_COLUMNS: dict[str, tuple[str, Callable[[Process], str]]] = {
    "uid": ("UID", _user),
    "user": ("USER", _user),
    "pid": ("PID", lambda p: str(p.pid)),
    "ppid": ("PPID", lambda p: str(p.ppid)),
    "c": ("C", lambda p: str(int(_cpu_share(p)))),
    "%cpu": ("%CPU", lambda p: f"{_cpu_share(p):.1f}"),
    "%mem": ("%MEM", lambda p: f"{_memory_share(p):.1f}"),
    "vsz": ("VSZ", lambda p: str(p.virtual // 1024)),
    "rss": ("RSS", lambda p: str(p.resident // 1024)),
    "tty": ("TTY", _terminal),
    "stat": ("STAT", lambda p: p.state),
    "nice": ("NI", lambda p: str(p.nice)),
    "nlwp": ("NLWP", lambda p: str(p.threads)),
    "stime": ("STIME", _start),
    "start": ("START", _start),
    "time": ("TIME", _cpu_time),
    "comm": ("COMMAND", lambda p: p.name),
    "cmd": ("CMD", lambda p: p.command),
    "args": ("COMMAND", lambda p: p.command),
}
_ALIASES = {
    "command": "args", "tt": "tty", "tname": "tty", "pcpu": "%cpu", "pmem": "%mem", "rssize": "rss",
    "vsize": "vsz", "ni": "nice", "s": "stat", "state": "stat", "euser": "user", "cputime": "time",
    "ucmd": "comm", "ucomm": "comm", "thcount": "nlwp", "start_time": "stime", "uname": "user",
}  # fmt: skip
_FULL = ("uid", "pid", "ppid", "c", "stime", "tty", "time", "cmd")
_BSD = ("user", "pid", "%cpu", "%mem", "vsz", "rss", "tty", "stat", "start", "time", "args")
