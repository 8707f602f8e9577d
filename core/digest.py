"""Content digests `sha256:<hex>` (OCI image-spec, descriptor.md "Digests")."""

from __future__ import annotations

import hashlib
import re
from typing import NewType

from .errors import Invalid

Digest = NewType("Digest", str)

_FORM = re.compile(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}")


def parse(text: str) -> Digest:
    """Check `text`; raises Invalid unless it is a sha256 or sha512 digest in lower case."""
    if not _FORM.fullmatch(text):
        raise Invalid(f"invalid digest: {text!r}")
    return Digest(text)


def of(data: bytes) -> Digest:
    """Return the sha256 digest of `data`."""
    return Digest("sha256:" + hashlib.sha256(data).hexdigest())


def from_hex(hexadecimal: str) -> Digest:
    """Return the sha256 digest with these 64 hexadecimal digits."""
    return parse("sha256:" + hexadecimal)


def hex_of(digest: Digest) -> str:
    """Return the digits behind the algorithm."""
    return digest.partition(":")[2]


class Hasher:
    """A sha256 digest and size that grow with a stream."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.size = 0

    def update(self, data: bytes | memoryview) -> None:
        self._hash.update(data)
        self.size += len(data)

    def digest(self) -> Digest:
        return Digest("sha256:" + self._hash.hexdigest())
