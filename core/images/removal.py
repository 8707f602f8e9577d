"""What `docker rmi` does, decided from records alone (moby, daemon/images/image_delete.go).

By a name: the name goes, and with the last one the image, if nothing uses it. By an id: the image goes with
its only name; several names, or a container, want force; a running container forbids it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import Conflict
from ..ids import short
from ..reference import Reference
from .records import UseRecord


@dataclass(frozen=True, slots=True)
class RemovalPlan:
    """Names to take away, in order, and whether the image goes too."""

    untag: tuple[Reference, ...]
    delete: bool


def plan_removal(
    identity: str,
    given: Reference | None,
    names: Sequence[Reference],
    uses: Sequence[UseRecord],
    has_children: bool,
    force: bool,
) -> RemovalPlan:
    """Plan the removal of an image by one of its names, or by id (`given` None); raises Conflict."""
    if given is None:
        return _by_id(identity, names, uses, has_children, force)
    if not force and uses and _single_repository(names):
        raise Conflict(
            f'conflict: unable to remove repository reference "{given.familiar}" (must force) - container '
            f"{short(uses[0].container_id)} is using its referenced image {short(identity)}"
        )
    untag = [given]
    left = [name for name in names if name != given]
    if not given.digest and not any(name.name == given.name and not name.digest for name in left):
        # Digests of a repository go with its last tag.
        untag += [name for name in left if name.name == given.name]
        left = [name for name in left if name.name != given.name]
    if left:
        return RemovalPlan(tuple(untag), False)
    conflict = _conflict(identity, (), uses, has_children, force)
    # The name is gone already; an image that is still needed stays behind without one.
    return RemovalPlan(tuple(untag), conflict is None)


def _by_id(
    identity: str, names: Sequence[Reference], uses: Sequence[UseRecord], has_children: bool, force: bool
) -> RemovalPlan:
    several = () if _single_repository(names) else names
    conflict = _conflict(identity, several, uses, has_children, force)
    if conflict is not None:
        raise Conflict(conflict)
    return RemovalPlan(tuple(names), True)


def _conflict(
    identity: str, names: Sequence[Reference], uses: Sequence[UseRecord], has_children: bool, force: bool
) -> str | None:
    hard = f"conflict: unable to delete {short(identity)} (cannot be forced) - image "
    soft = f"conflict: unable to delete {short(identity)} (must be forced) - image "
    if has_children:
        return hard + "has dependent child images"
    for use in uses:
        if use.running:
            return hard + f"is being used by running container {short(use.container_id)}"
    if force:
        return None
    if names:
        return soft + "is referenced in multiple repositories"
    for use in uses:
        return soft + f"is being used by stopped container {short(use.container_id)}"
    return None


def _single_repository(names: Sequence[Reference]) -> bool:
    """Tell whether an image has at most one tag and all its names are of one repository."""
    if not names:
        return False
    tags = [name for name in names if not name.digest]
    return len(tags) <= 1 and len({name.name for name in names}) == 1
