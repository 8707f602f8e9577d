"""Tests of collection: what lives, what goes, and that a push after it works."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydock.core.digest import of
from pydock.core.registry.server.api import Registry
from pydock.core.registry.server.collect import collect
from pydock.core.registry.server.storage import Storage
from support.registries import Served


@pytest.fixture
def served(tmp_path: Path) -> Served:
    storage = Storage(tmp_path)
    return Served(storage, Registry(storage))


def test_what_a_manifest_needs_stays(served: Served) -> None:
    digest = served.put_image("a", "latest", [b"one", b"two"])
    assert collect(served.storage, grace=0).blobs == 0
    assert served.storage.manifest_type("a", digest)


def test_blobs_that_nothing_needs_go(served: Served) -> None:
    served.put_image("a", "latest", [b"one"])
    lost = served.put_blob("a", b"lost")
    found = collect(served.storage, grace=0)
    assert (found.blobs, found.bytes) == (1, 4)
    assert not served.storage.has_content(lost)
    assert not served.storage.has_blob("a", lost)


def test_what_is_young_stays(served: Served) -> None:
    lost = served.put_blob("a", b"young")
    assert collect(served.storage).blobs == 0
    assert served.storage.has_blob("a", lost)


def test_untagged_manifests_go_only_when_asked(served: Served) -> None:
    old = served.put_image("a", "latest", [b"old"])
    new = served.put_image("a", "latest", [b"new"])
    assert collect(served.storage, grace=0).manifests == 0
    assert collect(served.storage, untagged=True, grace=0).manifests == 1
    assert served.storage.manifests("a") == [new]
    assert not served.storage.has_content(old)


def test_children_of_a_tagged_index_and_what_refers_to_them_live(served: Served) -> None:
    child = served.put_image("a", "", [b"child"])
    subject = {"mediaType": "m", "digest": child, "size": 1}
    signature = served.put_image("a", "", [b"signature"], manifest={"subject": subject})
    served.storage.refer("a", child, signature)
    index = served.put_index("a", "latest", [{"digest": child}])
    assert collect(served.storage, untagged=True, grace=0).manifests == 0
    served.storage.untag("a", "latest")
    assert collect(served.storage, untagged=True, grace=0).manifests == 3
    assert [digest for digest, _ in served.storage.all_content()] == []
    assert index not in served.storage.manifests("a")


def test_content_of_one_repository_is_not_anothers_garbage(served: Served) -> None:
    served.put_image("a", "latest", [b"shared"])
    served.put_image("b", "latest", [b"shared"])
    served.storage.untag("a", "latest")
    collect(served.storage, untagged=True, grace=0)
    served.put_image("a", "again", [b"shared"])
    assert collect(served.storage, untagged=True, grace=0).blobs == 0


def test_a_damaged_manifest_keeps_nothing_from_being_collected(served: Served) -> None:
    digest = served.put_manifest("a", "x", b"\xff nonsense")
    served.put_blob("a", b"lost")
    assert collect(served.storage, grace=0).blobs == 1
    assert served.storage.has_content(digest)
    assert of(b"\xff nonsense") == digest
