"""Whether overlayfs works on a file system, found by making one that is mounted nowhere (fsopen(2))."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from ..files import remove_tree
from ..linux import mount

_REASONS = {
    errno.EPERM: "no permission to mount: not root, or inside a container without CAP_SYS_ADMIN",
    errno.ENODEV: "the kernel has no overlayfs: try `modprobe overlay`",
    errno.EINVAL: "the file system below can't carry overlayfs (it may be an overlay itself, or lack d_type)",
    errno.EOPNOTSUPP: "the file system below has no trusted extended attributes",
}


def why_not_overlay(directory: Path) -> str:
    """Return "" when overlayfs works on the file system of `directory`, else the reason in one line."""
    aside = directory / f"probe-{secrets.token_hex(8)}"
    try:
        for name in ("lower", "upper", "work"):
            (aside / name).mkdir(mode=0o700, parents=True)
        os.setxattr(aside / "upper", "trusted.overlay.opaque", b"y")
        os.removexattr(aside / "upper", "trusted.overlay.opaque")
        _make(aside)
    except OSError as err:
        if err.errno == errno.ENOSYS:
            return _by_list()
        return _REASONS.get(err.errno or 0, f"overlayfs: {err.strerror}")
    finally:
        remove_tree(aside)
    return ""


def _make(aside: Path) -> None:
    overlay = mount.fsopen("overlay")
    try:
        for name in ("lower", "upper", "work"):
            mount.fsconfig_string(overlay, f"{name}dir", str(aside / name))
        mount.fsconfig_create(overlay)
    finally:
        os.close(overlay)


def _by_list() -> str:
    """Before Linux 5.2 a mount can't be tried out of sight: believe the kernel's list."""
    known = "\toverlay\n" in Path("/proc/filesystems").read_text()
    return "" if known else _REASONS[errno.ENODEV]
