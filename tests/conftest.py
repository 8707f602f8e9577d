"""Fixtures for all tests: a network of their own, and a machine that is afterwards as it was before."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from pydock.core.linux import namespace, netlink
from support.leftovers import picture

# The kernel takes network namespaces, links and killed processes down behind the caller's back.
_SETTLE_SECONDS = 15.0
_IS_ROOT = os.geteuid() == 0

needs_root = pytest.mark.skipif(not _IS_ROOT, reason="needs root: containers are made")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "kernel" in item.path.parts:
            item.add_marker(needs_root)


@pytest.fixture(scope="session", autouse=True)
def nothing_left() -> Iterator[None]:
    """Fail the run when it leaves mounts, links, cgroups, namespaces, rules or processes behind.

    Where others work with pydock at the same time (PYDOCK_SHARED_MACHINE is set) nobody looks.
    """
    before = picture()
    yield
    if os.environ.get("PYDOCK_SHARED_MACHINE"):
        return
    deadline = time.monotonic() + _SETTLE_SECONDS
    while (left := picture() - before) and time.monotonic() < deadline:
        time.sleep(0.2)
    if left:
        pytest.fail("left behind: " + "; ".join(sorted(left)), pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def own_network(nothing_left: None) -> Iterator[None]:
    """Run everything in a network namespace of its own, gone afterwards: bridges and rules stay inside."""
    if not _IS_ROOT:
        yield
        return
    host = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    namespace.unshare(namespace.CLONE_NEWNET)
    netlink.set_link_up("lo")
    try:
        yield
    finally:
        namespace.setns(host, namespace.CLONE_NEWNET)
        os.close(host)
