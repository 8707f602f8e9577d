"""The option string of an overlay."""

from __future__ import annotations

from pydock.core.rootfs import Overlay
from pydock.core.runtime.overlay import data


def test_layers_topmost_first() -> None:
    assert data(Overlay(("/l/b", "/l/a"), "/u", "/w")) == "lowerdir=/l/b:/l/a,upperdir=/u,workdir=/w"


def test_special_characters_are_escaped() -> None:
    options = data(Overlay(("/l/a:b,c\\d",), "/u,x", "/w:y"))
    assert options == "lowerdir=/l/a\\:b\\,c\\\\d,upperdir=/u\\,x,workdir=/w:y"
