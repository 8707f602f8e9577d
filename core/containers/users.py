"""Who a container's process is: `--user` and `--group-add` against the image's own passwd(5) and group(5).

A number is an id and never looked up as a name (CVE-2016-3697): a line of the image whose name is "1000"
gives nobody another id. Also imported by workers, hence the standard library only.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..errors import Invalid

_LARGEST_ID = 2**31 - 1
_LARGEST_FILE = 4 << 20


@dataclass(frozen=True, slots=True)
class Identity:
    """A resolved user. `groups` are the supplementary ones, without `gid`."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str


@dataclass(frozen=True, slots=True)
class _Account:
    name: str
    uid: int
    gid: int
    home: str


@dataclass(frozen=True, slots=True)
class _Group:
    name: str
    gid: int
    members: tuple[str, ...]


def resolve(user: str, passwd: str, group: str, extra: Sequence[str] = ()) -> Identity:
    """Resolve "", "user", "uid", "user:group" and mixes of them, as Docker does.

    `passwd` and `group` are the texts of the image's files; `extra` are `--group-add`'s names and numbers.
    Raises Invalid for a name that is not there and for an id out of range.
    """
    wanted, _, wanted_group = user.partition(":")
    accounts, groups = list(_accounts(passwd)), list(_groups(group))
    account = _find_account(wanted or "0", accounts)
    if wanted_group:
        gid = _find_group(wanted_group, groups)
        supplementary: set[int] = set()
    else:
        gid = account.gid
        supplementary = {g.gid for g in groups if account.name and account.name in g.members}
    supplementary |= {_find_group(name, groups) for name in extra}
    return Identity(account.uid, gid, tuple(sorted(supplementary)), account.home)


def _find_account(wanted: str, accounts: Sequence[_Account]) -> _Account:
    if wanted.isdecimal():
        uid = _checked_id(wanted)
        known = next((account for account in accounts if account.uid == uid), None)
        return known or _Account("", uid, 0, "/")
    for account in accounts:
        if account.name == wanted:
            return account
    raise Invalid(f"unable to find user {wanted}: no matching entries in passwd file")


def _find_group(wanted: str, groups: Sequence[_Group]) -> int:
    if wanted.isdecimal():
        return _checked_id(wanted)
    for group in groups:
        if group.name == wanted:
            return group.gid
    raise Invalid(f"unable to find group {wanted}: no matching entries in group file")


def _checked_id(text: str) -> int:
    number = int(text)
    if number > _LARGEST_ID:
        raise Invalid(f"uids and gids must be in range 0-{_LARGEST_ID}")
    return number


def _fields(text: str, wanted: int) -> Iterator[list[str]]:
    for line in text.splitlines():
        fields = line.strip().split(":")
        if len(fields) >= wanted and fields[0] and not fields[0].startswith("#"):
            yield fields


def _accounts(text: str) -> Iterator[_Account]:
    for fields in _fields(text, 4):
        if fields[2].isdecimal() and fields[3].isdecimal():
            home = fields[5] if len(fields) > 5 else ""
            yield _Account(fields[0], int(fields[2]), int(fields[3]), home or "/")


def _groups(text: str) -> Iterator[_Group]:
    for fields in _fields(text, 3):
        if fields[2].isdecimal():
            members = fields[3].split(",") if len(fields) > 3 and fields[3] else []
            yield _Group(fields[0], int(fields[2]), tuple(members))


def read_files(args: dict[str, object], fds: Sequence[int], report: object) -> dict[str, str]:
    """Worker: return the texts of /etc/passwd and /etc/group of the root that this process is in."""
    return {"passwd": _read("/etc/passwd"), "group": _read("/etc/group")}


def _read(path: str) -> str:
    try:
        # An image may hold a fifo or a device there: never wait for it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError:
        return ""
    try:
        return read_regular(descriptor)
    finally:
        os.close(descriptor)


def read_regular(descriptor: int) -> str:
    """Return the text of a regular file of sane size, else ""."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_FILE:
        return ""
    chunks = []
    while chunk := os.read(descriptor, 1 << 16):
        chunks.append(chunk)
    return b"".join(chunks).decode(errors="replace")
