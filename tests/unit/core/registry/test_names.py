"""Tests of names: hosts and keys."""

from __future__ import annotations

import pytest

from pydock.core.registry.names import api_host, credential_key, domain_of


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("https://index.docker.io/v1/", "docker.io"),
        ("docker.io", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
        ("", "docker.io"),
        ("https://Example.com/v2/", "example.com"),
        ("localhost:5000", "localhost:5000"),
        ("http://[::1]:5000/v1", "[::1]:5000"),
    ],
)
def test_an_address_means_a_domain(address: str, domain: str) -> None:
    assert domain_of(address) == domain


def test_docker_hub_has_a_host_and_a_key_of_its_own() -> None:
    assert (api_host("docker.io"), credential_key("docker.io")) == (
        "registry-1.docker.io",
        "https://index.docker.io/v1/",
    )
    assert (api_host("ghcr.io"), credential_key("ghcr.io")) == ("ghcr.io", "ghcr.io")
