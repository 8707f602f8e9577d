"""`pydockd`: the API on sockets, for Docker's own clients and everyone else's.

`server.py` listens and owns the connections, `connection.py` is one connection: h11 to the api's records
and back, hijacks as raw streams. `target.py` reads a target (pure). `main.py` is the program. No endpoint
is known here. Imports api and engine; imported by nobody.
"""

from __future__ import annotations


def main() -> None:
    """Run the daemon until it is told to stop."""
    from .main import run

    run()
