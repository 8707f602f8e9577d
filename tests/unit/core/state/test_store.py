from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from pydock.core.errors import Conflict, Internal, Unsupported
from pydock.core.state.store import SCHEMA_VERSION, Store, Table


class Thing(msgspec.Struct):
    id: str
    name: str | None = None
    size: int = 0


def things(store: Store) -> Table[Thing]:
    return Table(
        store,
        "things",
        Thing,
        key=lambda t: t.id,
        columns={"name": lambda t: t.name, "size": lambda t: t.size},
        unique=("name",),
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "state.db") as opened:
        yield opened


def test_documents_are_found_by_key_column_and_prefix(store: Store) -> None:
    table = things(store)
    for thing in (Thing("ab1", "x", 1), Thing("ab2", None, 2), Thing("ac3", "z", 2)):
        table.insert(thing)
    assert table.get("ab1") == Thing("ab1", "x", 1)
    assert table.get("nothing") is None
    assert [t.id for t in table.find(size=2)] == ["ab2", "ac3"]
    assert [t.id for t in table.find(name=None)] == ["ab2"]
    assert [t.id for t in table.prefix("ab")] == ["ab1", "ab2"]
    assert table.select("id", "size") == [("ab1", 1), ("ab2", 2), ("ac3", 2)]
    assert table.count() == 3
    assert [table.delete("ab1"), table.delete("ab1")] == [True, False]


def test_taken_key_or_unique_column_is_a_conflict(store: Store) -> None:
    table = things(store)
    table.insert(Thing("a", "x"))
    table.insert(Thing("b", "y"))
    with pytest.raises(Conflict, match="things: a"):
        table.insert(Thing("a", "z"))
    with pytest.raises(Conflict, match="name x"):
        table.insert(Thing("c", "x"))
    with pytest.raises(Conflict, match="name x"):
        table.replace(Thing("b", "x"))
    table.replace(Thing("b", "w", 7))
    assert table.get("b") == Thing("b", "w", 7)


def test_replace_adds_what_is_absent(store: Store) -> None:
    things(store).replace(Thing("a"))
    assert things(store).get("a") == Thing("a")


def test_failed_block_leaves_nothing(store: Store) -> None:
    table = things(store)
    with pytest.raises(LookupError), store.transaction():  # noqa: PT012
        table.insert(Thing("a"))
        raise LookupError
    assert table.all() == []


def test_failed_inner_block_leaves_outer_writes(store: Store) -> None:
    table = things(store)
    called: list[str] = []
    with store.transaction(durable=True):
        table.insert(Thing("a"))
        store.after_commit(lambda: called.append("outer"))
        with pytest.raises(LookupError), store.transaction():  # noqa: PT012
            table.insert(Thing("b"))
            store.after_commit(lambda: called.append("inner"))
            raise LookupError
        assert called == []
    assert [t.id for t in table.all()] == ["a"]
    assert called == ["outer"]


def test_after_commit_outside_a_transaction_runs_at_once(store: Store) -> None:
    called: list[int] = []
    store.after_commit(lambda: called.append(1))
    assert called == [1]


def test_new_columns_are_filled_from_the_documents(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Store(path) as first:
        Table(first, "things", Thing, key=lambda t: t.id).insert(Thing("a", "x", 5))
    with Store(path) as second:
        assert [t.id for t in things(second).find(size=5)] == ["a"]


def test_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(Unsupported, match="newer pydock"):
        Store(path).connection()


def test_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"not a database at all, " * 100)
    with pytest.raises(Internal, match="damaged"):
        Store(path).connection()


def test_files_are_closed_to_others(store: Store) -> None:
    things(store).insert(Thing("a"))
    assert {f.stat().st_mode & 0o077 for f in store.path.parent.iterdir()} == {0}


WRITER = """
import sys, msgspec
from pathlib import Path
from pydock.core.state.store import Store, Table
class Thing(msgspec.Struct):
    id: str
    pair: str
store = Store(Path(sys.argv[1]))
table = Table(store, "things", Thing, key=lambda t: t.id, columns={"pair": lambda t: t.pair})
limit = int(sys.argv[3])
n = 0
while n < limit:
    with store.transaction():
        table.insert(Thing(f"{sys.argv[2]}-{n}-a", f"{sys.argv[2]}-{n}"))
        table.insert(Thing(f"{sys.argv[2]}-{n}-b", f"{sys.argv[2]}-{n}"))
    n += 1
    if n == 5:
        print("going", flush=True)
store.close()
"""


def writer(path: Path, name: str, limit: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), name, str(limit)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_killed_writers_leave_whole_transactions(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    for round_ in range(6):
        with writer(path, str(round_), 1_000_000) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "going\n"
            os.kill(process.pid, signal.SIGKILL)
    with Store(path) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        halves = "SELECT pair FROM things GROUP BY pair HAVING count(*) != 2"
        assert store.execute(halves).fetchall() == []
        assert store.execute("SELECT count(*) FROM things").fetchone()[0] >= 60


def test_processes_write_at_once_from_the_first_moment(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    processes = [writer(path, str(n), 100) for n in range(4)]
    for process in processes:
        process.communicate()
    assert [p.returncode for p in processes] == [0] * 4
    with Store(path) as store:
        assert store.execute("SELECT count(*) FROM things").fetchone() == (800,)
