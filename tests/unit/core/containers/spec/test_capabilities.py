from __future__ import annotations

import pytest

from pydock.core.containers.spec.capabilities import (
    ALL_CAPABILITIES,
    DEFAULT_CAPABILITIES,
    granted,
    normalize,
)
from pydock.core.errors import Invalid


def test_dockers_default_mask() -> None:
    mask = sum(1 << ALL_CAPABILITIES.index(name) for name in granted([], [], False))
    assert mask == 0xA80425FB


@pytest.mark.parametrize(
    ("add", "drop", "names"),
    [
        (["CAP_SYS_TIME"], ["CAP_MKNOD"], {*DEFAULT_CAPABILITIES, "CAP_SYS_TIME"} - {"CAP_MKNOD"}),
        (["CAP_NET_BIND_SERVICE"], ["ALL"], {"CAP_NET_BIND_SERVICE"}),
        (["ALL"], ["CAP_SYS_ADMIN"], set(ALL_CAPABILITIES) - {"CAP_SYS_ADMIN"}),
        ([], ["ALL"], set()),
    ],
)
def test_adding_and_dropping(add: list[str], drop: list[str], names: set[str]) -> None:
    assert set(granted(add, drop, False)) == names


def test_names_have_one_form() -> None:
    assert normalize(["sys_time", "CAP_KILL", "all"]) == ["CAP_SYS_TIME", "CAP_KILL", "ALL"]
    assert normalize(None) is None
    with pytest.raises(Invalid, match='unknown capability: "nosuch"'):
        normalize(["nosuch"])
