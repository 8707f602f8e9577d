"""Capabilities of a container: Docker's default fourteen, `--cap-add`, `--cap-drop` (capabilities(7))."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import Invalid

ALL_CAPABILITIES = (
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
    "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT",
    "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
    "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG",
    "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
)  # fmt: skip

DEFAULT_CAPABILITIES = (
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
    "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",
    "CAP_AUDIT_WRITE",
)  # fmt: skip

_KNOWN = frozenset(ALL_CAPABILITIES)
_ALL = "ALL"


def normalize(names: Sequence[str] | None) -> list[str] | None:
    """Return the names as `inspect` shows them: upper case with CAP_; raises Invalid for an unknown one."""
    if names is None:
        return None
    return [_normalized(name) for name in names]


def _normalized(name: str) -> str:
    upper = name.upper()
    if upper in (_ALL, "CAP_ALL"):
        return _ALL
    full = upper if upper.startswith("CAP_") else "CAP_" + upper
    if full not in _KNOWN:
        raise Invalid(f'invalid CapAdd or CapDrop: unknown capability: "{name}"')
    return full


def granted(
    add: Sequence[str], drop: Sequence[str], privileged: bool, available: frozenset[str] | None = None
) -> tuple[str, ...]:
    """Return a container's set in the kernel's order; the names are normalized ones.

    `available` are the capabilities that this engine itself has: what it lacks cannot be given on.
    """
    if privileged:
        chosen = set(ALL_CAPABILITIES)
    elif _ALL in add:
        chosen = set(ALL_CAPABILITIES) - set(drop)
    elif _ALL in drop:
        chosen = set(add)
    else:
        chosen = (set(DEFAULT_CAPABILITIES) - set(drop)) | set(add)
    if available is not None and (privileged or _ALL in add):
        chosen &= available
    return tuple(name for name in ALL_CAPABILITIES if name in chosen)
