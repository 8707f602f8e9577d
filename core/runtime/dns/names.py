"""Who is called what on a network: a file per network, written by engines and read by name servers.

One line an endpoint, fields separated by tabs: the name for reverse look-ups, the addresses separated by
spaces, and the names separated by spaces. The file is replaced as a whole, so a reader never sees half of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence

# What fits a line; other aliases cannot be asked for by a resolver either.
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,253}")


def line(reverse: str, addresses: Iterable[str], names: Iterable[str]) -> str:
    """Write an endpoint's line; names that no resolver could ask for are left out."""
    fit = (name.lower() for name in names if _NAME.fullmatch(name))
    return f"{reverse}\t{' '.join(filter(None, addresses))}\t{' '.join(dict.fromkeys(fit))}\n"


class Names:
    """The names on a container's networks, as the files say now; a look-up costs one stat(2) a file.

    `aliases` are the container's own words for names.
    """

    def __init__(self, paths: Sequence[str], aliases: Mapping[str, str] | None = None) -> None:
        self._files = [_File(path) for path in paths]
        self._aliases = {alias.lower(): name.lower() for alias, name in (aliases or {}).items()}
        self._turn = 0

    def addresses(self, name: str) -> list[str] | None:
        """All addresses of a name, each time beginning with another one; None when nobody has the name."""
        name = self._aliases.get(name, name)
        found: list[str] = []
        known = False
        for file in self._files:
            addresses = file.forward().get(name)
            if addresses is not None:
                known = True
                found += addresses
        if not known:
            return None
        self._turn += 1
        start = self._turn % len(found) if found else 0
        return found[start:] + found[:start]

    def name(self, address: str) -> str:
        """The name of an address, "" when nobody has it."""
        for file in self._files:
            name = file.reverse().get(address)
            if name:
                return name
        return ""


class _File:
    """One network's file; a missing one has no names."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._forward: dict[str, list[str]] = {}
        self._reverse: dict[str, str] = {}

    def forward(self) -> dict[str, list[str]]:
        self._refresh()
        return self._forward

    def reverse(self) -> dict[str, str]:
        self._refresh()
        return self._reverse

    def _refresh(self) -> None:
        try:
            state = os.stat(self._path)
            seen = (state.st_ino, state.st_mtime_ns, state.st_size)
            if seen == self._seen:
                return
            with open(self._path, encoding="latin-1") as file:
                text = file.read()
        except OSError:
            self._seen, self._forward, self._reverse = None, {}, {}
            return
        self._seen = seen
        self._forward, self._reverse = _read(text)


def _read(text: str) -> tuple[dict[str, list[str]], dict[str, str]]:
    forward: dict[str, list[str]] = {}
    reverse: dict[str, str] = {}
    for one in text.split("\n"):
        fields = one.split("\t")
        if len(fields) != 3:
            continue
        addresses = fields[1].split()
        for name in fields[2].split():
            forward.setdefault(name, []).extend(addresses)
        reverse.update((address, fields[0]) for address in addresses)
    return forward, reverse
