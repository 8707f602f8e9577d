from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.core.containers.users import Identity, read_regular, resolve
from pydock.core.errors import Invalid

PASSWD = """root:x:0:0:root:/root:/bin/sh
# a comment:x:5:5
user:x:1000:1000::/home/user:/bin/sh
1000:x:7:7::/evil:/bin/sh
nohome:x:8:8
broken line
"""
GROUP = """root:x:0:
wheel:x:10:root,user
user:x:1000:
2000:x:9:
audio:x:29:user
"""


@pytest.mark.parametrize(
    ("user", "extra", "identity"),
    [
        ("", [], Identity(0, 0, (10,), "/root")),
        ("user", [], Identity(1000, 1000, (10, 29), "/home/user")),
        # CVE-2016-3697: a number is an id, whatever the image calls its users.
        ("1000", [], Identity(1000, 1000, (10, 29), "/home/user")),
        ("1234", [], Identity(1234, 0, (), "/")),
        ("1234:5678", [], Identity(1234, 5678, (), "/")),
        ("user:audio", [], Identity(1000, 29, (), "/home/user")),
        (":audio", [], Identity(0, 29, (), "/root")),
        ("user:2000", [], Identity(1000, 2000, (), "/home/user")),
        ("nohome", [], Identity(8, 8, (), "/")),
        ("", ["99", "audio"], Identity(0, 0, (10, 29, 99), "/root")),
    ],
)
def test_users_and_groups(user: str, extra: list[str], identity: Identity) -> None:
    assert resolve(user, PASSWD, GROUP, extra) == identity


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("nosuch", "unable to find user nosuch: no matching entries in passwd file"),
        ("user:nosuch", "unable to find group nosuch: no matching entries in group file"),
        ("2147483648", "uids and gids must be in range"),
        ("-1", "unable to find user -1"),
    ],
)
def test_unknown_names_are_refused(user: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        resolve(user, PASSWD, GROUP)


@given(st.text(), st.text(), st.integers(0, 2**31 - 1))
def test_a_number_never_becomes_another_id(passwd: str, group: str, uid: int) -> None:
    assert resolve(str(uid), f"{uid}:x:{(uid + 1) % 2**31}:0:::\n{passwd}", group).uid == uid


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"root:\xff\n")
    os.mkfifo(tmp_path / "fifo")
    for name, text in (("file", "root:\ufffd\n"), ("fifo", "")):
        descriptor = os.open(tmp_path / name, os.O_RDONLY | os.O_NONBLOCK)
        try:
            assert read_regular(descriptor) == text
        finally:
            os.close(descriptor)
