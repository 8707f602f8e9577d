"""Mounting an overlay of many layers: lower names are made short, for one page holds all options.

Kernel documentation, filesystems/overlayfs.rst.
"""

from __future__ import annotations

import os

from ..linux import mount as m
from ..rootfs import Overlay

_PAGE = os.sysconf("SC_PAGE_SIZE")


def mount(layers: Overlay, place: str) -> None:
    """Mount the overlay on the directory `place`. Leaves the working directory changed when it has to."""
    try:
        options = data(layers)
        if len(os.fsencode(options)) < _PAGE:
            m.mount("overlay", place, "overlay", 0, options)
            return
        base = os.path.commonpath(layers.lower)
        os.chdir(base)
        short = Overlay(
            tuple(os.path.relpath(path, base) for path in layers.lower), layers.upper, layers.work
        )
        m.mount("overlay", place, "overlay", 0, data(short))
    except OSError as err:
        err.filename = f"overlay of {len(layers.lower)} layers on {place}"
        raise


def data(layers: Overlay) -> str:
    """Give the option string; ":" parts layers and "," parts options, so both are escaped in names."""
    lower = ":".join(_escape(path, ":,") for path in layers.lower)
    return f"lowerdir={lower},upperdir={_escape(layers.upper, ',')},workdir={_escape(layers.work, ',')}"


def _escape(path: str, special: str) -> str:
    for character in "\\" + special:
        path = path.replace(character, "\\" + character)
    return path
