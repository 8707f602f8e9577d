"""The typed client: the one way a face reaches an engine, whether in its own process or elsewhere.

`client.py` has `Client` with a sub-client for each subject (`containers.py`, `exec.py`, `images.py`,
`networks.py`, `volumes.py`, `system.py`). They make requests through `caller.py`, which raises the errors
that responses stand for, over a `Transport`: `direct.py` hands records to an api in the same process,
`http.py` carries them over httpx. `attachment.py`, `stdcopy.py` and `pipe.py` are the raw streams of attach,
exec and logs.
`connect.py` chooses the transport; `core/hosts.py` says which engine is meant (DOCKER_HOST, -H).

Importing this package imports the wire records and no httpx. Imported by faces (cli, tui, compose) only.
"""

from __future__ import annotations

from .attachment import Attachment
from .client import Client
from .direct import DirectTransport

__all__ = ["Attachment", "Client", "DirectTransport"]
