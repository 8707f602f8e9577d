"""Seccomp: Docker's default profile as data, and a small compiler from OCI's `linux.seccomp` to BPF.

- `profile`: the default profile for given capabilities, and Docker-format files resolved to OCI's form.
- `compiler`: OCI's form -> instructions, pure; `numbers`: system call tables by architecture.
- `compiled`: what planning uses, with a cache that a spawner fills before it forks.
"""

from __future__ import annotations

from .cache import compiled

__all__ = ["compiled"]
