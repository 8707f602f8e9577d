"""Seccomp: Docker's default profile as data, and a small compiler from OCI's `linux.seccomp` to BPF.

- `docker`: the data; `profile`: it and files of Docker's format resolved to OCI's form for a container.
- `rules`: OCI's form as records; `compiler`: records -> instructions; both pure.
- `numbers`, `syscalls.txt`: call numbers by architecture, written by `generate` on a development machine.
- `cache`: `compiled` is what planning uses; a spawner fills it before it forks.
"""

from __future__ import annotations

from .cache import compiled
from .profile import default, resolve

__all__ = ["compiled", "default", "resolve"]
