from __future__ import annotations

import pytest

from pydock.core.containers.spec.mounts import tmpfs_options
from pydock.core.errors import Invalid


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("", ("noexec", "nosuid", "nodev")),
        ("size=1m,mode=1777", ("noexec", "nosuid", "nodev", "size=1m", "mode=1777")),
        ("exec,dev", ("nosuid", "exec", "dev")),
        ("size=1m,size=2m", ("noexec", "nosuid", "nodev", "size=2m")),
        ("ro,rw", ("noexec", "nosuid", "nodev", "ro", "rw")),
    ],
)
def test_options_over_dockers_defaults(text: str, options: tuple[str, ...]) -> None:
    assert tmpfs_options(text) == options


@pytest.mark.parametrize("text", ["nonsense", "size", "x=y", "lowerdir=/"])
def test_unknown_options_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match="Invalid tmpfs option"):
        tmpfs_options(text)
