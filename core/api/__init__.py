"""The Docker Engine API, without sockets: `Api(engine).handle(Request) -> Response`.

`api.py` checks the version, finds the route and turns errors into answers; `routes.py` is the one table of
endpoints, whose functions stand by subject in `containers.py`, `streams.py` (attach, logs, exec),
`images.py`, `networks.py`, `volumes.py`, `system.py`, `swarm.py` (there is none) and `own.py` (pydock's own,
under /pydock). `call.py` reads what a request says (Docker's truthiness, JSON bodies), `respond.py` makes
answers, `older.py` puts them into the shapes of versions before 1.51.

No policy lives here: what an endpoint means is the engine's. Imports engine and schema; imported by daemon,
and by the faces that embed an engine.
"""

from __future__ import annotations

from .api import Api

__all__ = ["Api"]
