"""Image references: `[domain/]path[:tag][@digest]` (distribution/reference; Docker's short names).

`ubuntu` means `docker.io/library/ubuntu:latest`; the familiar form leaves out what Docker leaves out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .digest import Digest
from .errors import Invalid

DEFAULT_DOMAIN = "docker.io"
_OFFICIAL = "library/"
_DOMAIN = re.compile(
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?"
    r"|\[[a-fA-F0-9:]+\](?::[0-9]+)?"
)
_PATH = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[\w][\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_HEX64 = re.compile(r"[a-f0-9]{64}")
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Reference:
    """A parsed reference. `tag` and `digest` are "" when not given.

    Invariant: `domain` and `path` are never empty, and their canonical form parses to themselves.
    """

    domain: str
    path: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Parse a reference as Docker's command line does; raises Invalid."""
        if _HEX64.fullmatch(text):
            raise Invalid(f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings")
        rest, at, digest = text.partition("@")
        if at and not _DIGEST.fullmatch(digest):
            raise Invalid(f"invalid reference format: {text!r}")
        head, slash, last = rest.rpartition("/")
        name, _, tag = last.partition(":")
        if ":" in last and not _TAG.fullmatch(tag):
            raise Invalid("invalid reference format")
        domain, path = _split_domain(head + slash + name)
        if any(c.isupper() for c in path):
            raise Invalid("invalid reference format: repository name must be lowercase")
        if not _PATH.fullmatch(path) or not _DOMAIN.fullmatch(domain):
            raise Invalid("invalid reference format")
        if len(domain) + 1 + len(path) > _LONGEST_NAME:
            raise Invalid(f"repository name must not be more than {_LONGEST_NAME} characters")
        return cls(domain, path, tag, digest)

    def with_default_tag(self) -> Reference:
        """Add `latest` when neither tag nor digest is given."""
        return self if self.tag or self.digest else replace(self, tag="latest")

    @property
    def name(self) -> str:
        """The full name without tag and digest: docker.io/library/ubuntu."""
        return f"{self.domain}/{self.path}"

    @property
    def familiar_name(self) -> str:
        """The name as Docker prints it: ubuntu."""
        if self.domain != DEFAULT_DOMAIN:
            return self.name
        short = self.path.removeprefix(_OFFICIAL)
        return short if "/" not in short else self.path

    @property
    def _suffix(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    @property
    def familiar(self) -> str:
        return self.familiar_name + self._suffix

    @property
    def canonical(self) -> str:
        return self.name + self._suffix

    def pinned(self, digest: Digest) -> Reference:
        """The same name by digest, without a tag."""
        return replace(self, tag="", digest=digest)


def _split_domain(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    is_domain = slash and ("." in first or ":" in first or first == "localhost" or first.lower() != first)
    domain, path = (first, rest) if is_domain else (DEFAULT_DOMAIN, name)
    if domain == "index.docker.io":
        domain = DEFAULT_DOMAIN
    if domain == DEFAULT_DOMAIN and "/" not in path:
        path = _OFFICIAL + path
    return domain, path
