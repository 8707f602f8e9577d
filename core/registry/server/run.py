"""The registry put together: storage, users, TLS and a listening socket."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import Conflict, Invalid
from .api import Registry
from .http import Server
from .storage import Storage
from .users import Users, read

_MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Options:
    """How a registry is served. `directory` None keeps all in memory, until it ends; `port` 0 is any."""

    directory: Path | None = None
    host: str = "127.0.0.1"
    port: int = 5000
    users: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    read_only: bool = False


@contextlib.asynccontextmanager
async def serving(options: Options) -> AsyncIterator[int]:
    """Serve for the block, and yield the port; raises Invalid, Conflict when the port is taken."""
    with contextlib.ExitStack() as stack:
        directory = options.directory
        if directory is None:
            memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
            made = tempfile.TemporaryDirectory(prefix="pydock-registry-", dir=memory)
            directory = Path(stack.enter_context(made))
        if options.users is not None:
            read(options.users)
        users = Users(options.users) if options.users is not None else None
        registry = Registry(Storage(directory), users, options.read_only)
        async with Server(registry.handle) as server:
            try:
                port = await server.listen(options.host, options.port, _tls(options))
            except OSError as err:
                raise Conflict(
                    f"cannot listen on {options.host}:{options.port}: {err.strerror or err}"
                ) from err
            yield port


def _tls(options: Options) -> ssl.SSLContext | None:
    if options.certificate is None:
        if options.key is not None:
            raise Invalid("a key needs its certificate: name it with --tls-cert")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(options.certificate, options.key)
    except (ssl.SSLError, OSError) as err:
        raise Invalid(f"cannot use certificate {options.certificate}: {err.strerror or err}") from err
    return context
