"""Which host serves a registry's names, and whose credentials are whose."""

from __future__ import annotations

HUB = "docker.io"
_HUB_KEY = "https://index.docker.io/v1/"
# The one registry whose names, host and key for credentials are three different things.
_HUB_HOSTS = frozenset({HUB, "index.docker.io", "registry-1.docker.io", "www.docker.io"})
_API_HOSTS = {HUB: "registry-1.docker.io"}


def api_host(domain: str) -> str:
    """Return `host[:port]` of the API behind a reference's domain."""
    return _API_HOSTS.get(domain, domain)


def domain_of(address: str) -> str:
    """Return the domain that a server address means: without scheme and path, Docker Hub's under one name."""
    host = address.partition("://")[2] or address
    host = host.partition("/")[0].lower()
    return HUB if host in _HUB_HOSTS or not host else host


def credential_key(domain: str) -> str:
    """Return the key of a registry's credentials in `config.json` and in credential helpers."""
    return _HUB_KEY if domain_of(domain) == HUB else domain
