"""The names of the UTS namespace: sethostname(2), setdomainname(2)."""

from __future__ import annotations

import os

from .libc import check, libc


def sethostname(name: str) -> None:
    """sethostname(2)."""
    encoded = os.fsencode(name)
    check(libc.sethostname(encoded, len(encoded)), name)


def setdomainname(name: str) -> None:
    """setdomainname(2)."""
    encoded = os.fsencode(name)
    check(libc.setdomainname(encoded, len(encoded)), name)
