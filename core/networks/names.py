"""The names on each network, in files that the containers' name servers read (`runtime.dns.names`)."""

from __future__ import annotations

from pathlib import Path

from ..files import atomic_write
from ..runtime.dns import names
from .record import Endpoint, Network

_PRIVATE = 0o700


def has_names(network: Network) -> bool:
    """Tell whether containers find each other by name: on user-defined networks, as in Docker."""
    return network.has_links and not network.default


def name_line(endpoint: Endpoint) -> str | None:
    """An endpoint's line in the file."""
    if not endpoint.names:
        return None
    return names.line(endpoint.reverse_name, [endpoint.ip4, endpoint.ip6], endpoint.names)


class NameFiles:
    """The directory of the files, each named by its network's id; made on first need."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def write(self, network: Network, content: str) -> str:
        """Replace a network's file where the content differs; returns its path."""
        path = self._path(network)
        data = content.encode("latin-1", "replace")
        if has_names(network) and self._read(path) != data:
            self._directory.mkdir(mode=_PRIVATE, exist_ok=True)
            atomic_write(path, data)
        return str(path)

    def remove(self, network: Network) -> None:
        """Remove the file of a network that is no more."""
        self._path(network).unlink(missing_ok=True)

    def _path(self, network: Network) -> Path:
        return self._directory / network.id

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return b""
