"""Paths and the functions that answer them."""

from __future__ import annotations

import pytest

from pydock.core.api import containers, images, swarm, system
from pydock.core.api.router import Router
from pydock.core.api.routes import ROUTES

router = Router(ROUTES)


@pytest.mark.parametrize(
    ("method", "path", "endpoint", "params"),
    [
        ("GET", "/containers/json", containers.list_containers, {}),
        ("GET", "/containers/web/json", containers.inspect, {"id": "web"}),
        ("DELETE", "/containers/web", containers.remove, {"id": "web"}),
        ("GET", "/images/json", images.list_images, {}),
        ("GET", "/images/a/b:c/json", images.inspect, {"name": "a/b:c"}),
        ("GET", "/images/json/json", images.inspect, {"name": "json"}),
        ("DELETE", "/images/host:5000/x/y@sha256:ab", images.remove, {"name": "host:5000/x/y@sha256:ab"}),
        ("POST", "/images/a/b/tag", images.tag, {"name": "a/b"}),
        ("GET", "/images/get", images.save, {}),
        ("HEAD", "/_ping", system.ping, {}),
        ("GET", "/swarm", swarm.not_manager, {}),
    ],
)
def test_found(method: str, path: str, endpoint: object, params: dict[str, str]) -> None:
    assert router.find(method, path) == (endpoint, params)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/nosuch"),
        ("PUT", "/info"),
        ("GET", "/containers//json"),
        ("GET", "/containers/../json/x"),
        ("GET", "/info/"),
        ("POST", "/containers/a/b/start"),
    ],
)
def test_not_found(method: str, path: str) -> None:
    assert router.find(method, path) is None


def test_no_route_is_there_twice() -> None:
    keys = [(route.method, route.pattern) for route in ROUTES]
    assert len(keys) == len(set(keys))
