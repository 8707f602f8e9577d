"""The table of container records: found by id, name or the beginning of an id; changed in transactions."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import Invalid, NotFound
from ..state.store import Store, Table
from .record import Container, Exec
from .states import ALIVE

_ID_LENGTH = 64


class Book:
    """All containers and execs of a state root. Reads are of committed state, by any engine."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.containers: Table[Container] = Table(
            store,
            "containers",
            Container,
            key=lambda c: c.id,
            columns={"name": lambda c: c.name, "status": lambda c: str(c.status), "image": lambda c: c.image},
            unique=("name",),
        )
        self.execs: Table[Exec] = Table(
            store,
            "execs",
            Exec,
            key=lambda e: e.id,
            columns={"container": lambda e: e.container_id},
        )

    def find(self, reference: str) -> Container:
        """Return the container of this id, name or unambiguous id prefix, in this order, as dockerd does.

        Raises NotFound, and Invalid for a prefix of several.
        """
        name = reference.removeprefix("/")
        if len(reference) == _ID_LENGTH and (found := self.containers.get(reference)):
            return found
        if named := self.containers.find(name=name):
            return named[0]
        candidates = self.containers.prefix(reference) if reference else []
        if len(candidates) > 1:
            raise Invalid(f"multiple IDs found with provided prefix: {reference}")
        if not candidates:
            raise NotFound(f"No such container: {reference}")
        return candidates[0]

    def get(self, identity: str) -> Container | None:
        return self.containers.get(identity)

    def named(self, name: str) -> Container | None:
        found = self.containers.find(name=name)
        return found[0] if found else None

    def all(self) -> list[Container]:
        return self.containers.all()

    def alive(self) -> list[Container]:
        """Return those that run, are paused or about to be started again; only their documents are read."""
        return [container for status in ALIVE for container in self.containers.find(status=str(status))]

    def users_of_volume(self, name: str) -> list[str]:
        """List the ids of the containers that mount a volume."""
        return [c.id for c in self.all() if any(m.type == "volume" and m.name == name for m in c.mounts)]

    def uses_volume_now(self, name: str) -> bool:
        """Tell whether a container runs with a volume, or is about to."""
        return any(
            c.held or c.alive
            for c in self.all()
            if any(m.type == "volume" and m.name == name for m in c.mounts)
        )

    def change(self, identity: str, step: Callable[[Container], Container]) -> Container:
        """Replace a record by what `step` makes of it, in one transaction; raises NotFound."""
        with self.store.transaction():
            container = self.containers.get(identity)
            if container is None:
                raise NotFound(f"No such container: {identity}")
            changed = step(container)
            self.containers.replace(changed)
        return changed

    def find_exec(self, identity: str) -> Exec:
        """Return the exec of this id; raises NotFound."""
        found = self.execs.get(identity)
        if found is None:
            raise NotFound(f"No such exec instance: {identity}")
        return found
