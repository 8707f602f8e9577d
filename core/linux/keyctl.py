"""Keyrings: keyctl(2)."""

from __future__ import annotations

import os

from .libc import number, syscall

_JOIN_SESSION_KEYRING = 1


def join_session_keyring(name: str) -> int:
    """Join the session keyring `name`, made when it isn't there; give its serial."""
    return syscall(number("keyctl"), _JOIN_SESSION_KEYRING, os.fsencode(name) + b"\0", name=name)
