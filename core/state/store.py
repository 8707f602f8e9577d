"""The SQLite file of an engine's state (https://sqlite.org/wal.html, https://sqlite.org/pragma.html).

One JSON document per object, with the columns that are searched beside it. The columns are derived from
the document: when a version of pydock wants others, the table is rebuilt from its documents. WAL with
`synchronous=NORMAL`: a kill loses nothing, a power cut may lose the last commits but never the file;
`durable=True` makes one transaction outlive a power cut as well.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Generic, TypeVar

import msgspec

from ..errors import Conflict, Forbidden, Internal, NoSpace, PydockError, Unavailable, Unsupported

SCHEMA_VERSION = 1
_MIGRATIONS: Mapping[int, Sequence[str]] = {
    # From the version in the key to the next one. Tables of documents look after their own columns.
    0: (),
}
_BUSY_SECONDS = 30
_LAST_CHARACTER = chr(0x10FFFF)

Value = str | int | None
T = TypeVar("T", bound=msgspec.Struct)


class Store:
    """One connection to the state file, opened on first use, for one thread of one process.

    Invariant: nothing awaits inside `transaction()`, so that no other task's writes fall into it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._owner = 0
        self._depth = 0
        self._rollbacks = 0
        self._committed: list[Callable[[], None]] = []

    def __enter__(self) -> Store:
        self.connection()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def connection(self) -> sqlite3.Connection:
        """Return the open connection; raises Unsupported for a file of a newer pydock."""
        if self._connection is None:
            with _told(self.path):
                self._connection = _open(self.path)
            self._owner = os.getpid()
        assert self._owner == os.getpid(), "an SQLite connection must not cross a fork"
        return self._connection

    @property
    def epoch(self) -> tuple[sqlite3.Connection, int]:
        """Differs after a new connection or a rollback, either of which may have taken tables away."""
        return self.connection(), self._rollbacks

    def execute(self, statement: str, values: Sequence[Value | bytes] = ()) -> sqlite3.Cursor:
        """Run one statement; SQLite's errors become ours."""
        with _told(self.path):
            return self.connection().execute(statement, values)

    @contextlib.contextmanager
    def transaction(self, durable: bool = False) -> Iterator[None]:
        """Run the block as one transaction, or as a savepoint inside the running one.

        The write lock is taken at the start, so that what is read inside stays true. `durable` counts
        for the outermost transaction only.
        """
        if self._depth:
            with self._savepoint():
                yield
            return
        if durable:
            self.execute("PRAGMA synchronous=FULL")
        try:
            with self._outermost():
                yield
        finally:
            if durable:
                self.execute("PRAGMA synchronous=NORMAL")
        callbacks, self._committed = self._committed, []
        for callback in callbacks:
            callback()

    @contextlib.contextmanager
    def _outermost(self) -> Iterator[None]:
        self.execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            self._rollbacks += 1
            self._committed.clear()
            # SQLite itself rolls back on a full disk, for instance.
            if self.connection().in_transaction:
                self.execute("ROLLBACK")
            raise
        finally:
            self._depth = 0

    @contextlib.contextmanager
    def _savepoint(self) -> Iterator[None]:
        name = f"nested{self._depth}"
        callbacks = len(self._committed)
        self.execute(f"SAVEPOINT {name}")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._rollbacks += 1
            del self._committed[callbacks:]
            if self.connection().in_transaction:
                self.execute(f"ROLLBACK TO {name}")
                self.execute(f"RELEASE {name}")
            raise
        else:
            self.execute(f"RELEASE {name}")
        finally:
            self._depth -= 1

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` once the running transaction is committed, or now when none runs."""
        if self._depth:
            self._committed.append(callback)
        else:
            callback()


class Table(Generic[T]):
    """Documents of one kind, each under its key, with searched columns beside.

    `columns` maps a column's name to its value in the document; names are identifiers. No two documents
    have the same value in a column of `unique`, None apart.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        struct: type[T],
        key: Callable[[T], str],
        columns: Mapping[str, Callable[[T], Value]] | None = None,
        unique: Sequence[str] = (),
    ) -> None:
        self._store = store
        self._name = name
        self._decoder = msgspec.json.Decoder(struct)
        self._encoder = msgspec.json.Encoder()
        self._key = key
        self._columns = dict(columns or {})
        self._unique = tuple(unique)
        self._ready: tuple[sqlite3.Connection, int] | None = None
        assert all(column.isidentifier() for column in (name, *self._columns))
        assert set(unique) <= set(self._columns)

    def get(self, key: str) -> T | None:
        row = self._run("SELECT document FROM {table} WHERE id = ?", [key]).fetchone()
        return None if row is None else self._decode(row[0])

    def find(self, **wanted: Value) -> list[T]:
        """Return the documents whose columns have these values (None: no value), in order of key."""
        return [self._decode(row[0]) for row in self.select("document", **wanted)]

    def select(self, *columns: str, **wanted: Value) -> list[tuple[str | int | None, ...]]:
        """Return only columns ("id" is the key), without decoding documents."""
        where = " AND ".join(f"{name} IS ?" for name in wanted)
        statement = f"SELECT {', '.join(columns)} FROM {{table}}" + (f" WHERE {where}" if where else "")
        return self._run(statement + " ORDER BY id", list(wanted.values())).fetchall()

    def prefix(self, beginning: str) -> list[T]:
        """Return the documents whose key begins so, in order of key."""
        rows = self._run(
            "SELECT document FROM {table} WHERE id >= ? AND id < ? ORDER BY id",
            [beginning, beginning + _LAST_CHARACTER],
        )
        return [self._decode(row[0]) for row in rows.fetchall()]

    def all(self) -> list[T]:
        return self.find()

    def count(self) -> int:
        (number,) = self._run("SELECT count(*) FROM {table}").fetchone()
        return int(number)

    def insert(self, document: T) -> None:
        """Add a document; raises Conflict when its key or a unique column is taken."""
        try:
            self._write("INSERT", document)
        except sqlite3.IntegrityError as err:
            raise Conflict(f"already in use in {self._name}: {self._clash(document)}") from err

    def replace(self, document: T) -> None:
        """Write a document over the one with its key, or add it; raises Conflict on a unique column."""
        names = ", ".join(f"{name} = excluded.{name}" for name in ("document", *self._columns))
        try:
            self._write("INSERT", document, f" ON CONFLICT (id) DO UPDATE SET {names}")
        except sqlite3.IntegrityError as err:
            raise Conflict(f"already in use in {self._name}: {self._clash(document)}") from err

    def delete(self, key: str) -> bool:
        """Remove a document; tells whether it was there."""
        return self._run("DELETE FROM {table} WHERE id = ?", [key]).rowcount > 0

    def _decode(self, document: object) -> T:
        assert isinstance(document, bytes)
        try:
            return self._decoder.decode(document)
        except msgspec.MsgspecError as err:
            raise Internal(f"state table {self._name} holds an unreadable document: {err}") from err

    def _row(self, document: T) -> list[Value | bytes]:
        values = [column(document) for column in self._columns.values()]
        return [self._key(document), self._encoder.encode(document), *values]

    def _write(self, verb: str, document: T, ending: str = "") -> None:
        names = ", ".join(("id", "document", *self._columns))
        marks = ", ".join("?" * (2 + len(self._columns)))
        self._run(f"{verb} INTO {{table}} ({names}) VALUES ({marks}){ending}", self._row(document))

    def _clash(self, document: T) -> str:
        for name in self._unique:
            value = self._columns[name](document)
            rows = self.select("id", **{name: value}) if value is not None else []
            if any(row[0] != self._key(document) for row in rows):
                return f"{name} {value}"
        return self._key(document)

    def _run(self, statement: str, values: Sequence[Value | bytes] = ()) -> sqlite3.Cursor:
        if self._ready != self._store.epoch:
            self._create()
        return self._store.execute(statement.format(table=self._name), values)

    def _create(self) -> None:
        wanted = ["id", "document", *self._columns]
        with self._store.transaction():
            present = [row[1] for row in self._store.execute(f"PRAGMA table_info({self._name})")]
            if present != wanted:
                self._rebuild(bool(present))
        self._ready = self._store.epoch

    def _rebuild(self, present: bool) -> None:
        documents: list[tuple[object, ...]] = []
        if present:
            documents = self._store.execute(f"SELECT document FROM {self._name}").fetchall()
            self._store.execute(f"DROP TABLE {self._name}")
        columns = "".join(f", {name}" + (" UNIQUE" if name in self._unique else "") for name in self._columns)
        self._store.execute(
            f"CREATE TABLE {self._name} (id TEXT PRIMARY KEY, document BLOB NOT NULL{columns})"
        )
        for name in self._columns:
            if name not in self._unique:
                self._store.execute(f"CREATE INDEX {self._name}_{name} ON {self._name} ({name})")
        names = ", ".join(("id", "document", *self._columns))
        marks = ", ".join("?" * (2 + len(self._columns)))
        for (document,) in documents:
            row = self._row(self._decode(document))
            self._store.execute(f"INSERT INTO {self._name} ({names}) VALUES ({marks})", row)


def _open(path: Path) -> sqlite3.Connection:
    """Open and, under a lock of our own, bring the file to this version.

    Switching a new file to WAL does not wait for another process that does the same, hence the lock.
    """
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # SQLite gives the files beside it this file's mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            _migrate(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection
    finally:
        os.close(descriptor)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise Unsupported(
            f"state database {path} has schema {version} and this pydock knows {SCHEMA_VERSION}: "
            "it was written by a newer pydock; upgrade, or use another --root"
        )
    while version < SCHEMA_VERSION:
        connection.execute("BEGIN IMMEDIATE")
        for statement in _MIGRATIONS[version]:
            connection.execute(statement)
        version += 1
        connection.execute(f"PRAGMA user_version={version}")
        connection.execute("COMMIT")


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours; a broken constraint stays, its meaning is the caller's."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as err:
        raise _translate(err, path) from err
    except PermissionError as err:
        raise Forbidden(
            f"state database {path}: permission denied: not root, or another user's root"
        ) from err
    except OSError as err:
        raise Internal(f"state database {path}: {err.strerror}") from err


def _translate(err: sqlite3.Error, path: Path) -> PydockError:
    match getattr(err, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return NoSpace(f"no space left on device: writing the state database {path}")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Unavailable(f"state database {path} is held by another engine for too long: try again")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return Internal(f"state database {path} is damaged: {err}")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return Forbidden(f"state database {path} can't be written: {err}")
    return Internal(f"state database {path}: {err}")
