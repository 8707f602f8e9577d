"""`pydockd`: the API on sockets, for Docker's own clients and everyone else's.

`main.py` is the program: `flags.py` and `settings.py` (daemon.json) make settings, `service.py` runs an
engine and its listeners until a signal ends it. `hosts.py` reads addresses and refuses open ones, `tls.py`
and `tlsstream.py` are TLS with half close, `systemd.py` sockets handed over and "ready".
`server.py` listens and owns the connections, `connection.py` is one connection: h11 to the api's records
and back, hijacks as raw streams. `target.py` reads a target. `pydockd.service` and `pydockd.socket` are the
units. Flags, settings, addresses and targets are pure. No endpoint is known here. Imports api and engine;
imported by nobody.
"""

from __future__ import annotations


def main() -> None:
    """Run the daemon until it is told to stop."""
    from .main import run

    run()
