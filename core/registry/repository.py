"""One repository of a registry: manifests, blobs, tags (distribution-spec, "Endpoints")."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import msgspec

from ..digest import Digest, of, parse
from ..errors import Forbidden, Invalid, NotFound, PydockError, Unauthorized, Unavailable, Unsupported
from ..schema import oci, wire
from .session import Answer, Ask, Session

_ACCEPTED = (
    oci.MEDIA_OCI_INDEX,
    oci.MEDIA_DOCKER_LIST,
    oci.MEDIA_OCI_MANIFEST,
    oci.MEDIA_DOCKER_MANIFEST,
)
_SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1"
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')
_MOST_TAGS = 1_000_000
_LARGEST_PAGE = 16 << 20


@dataclass(frozen=True, slots=True)
class Fetched:
    """A manifest or index as it came; `digest` was computed from `data`."""

    data: bytes
    media_type: str
    digest: Digest


class _Tags(msgspec.Struct):
    tags: list[str] | None = None


@dataclass(slots=True)
class BlobStream:
    """A blob's bytes from `start` on."""

    start: int
    chunks: AsyncIterator[bytes]


class Repository:
    """A repository by its path; `push` says that tokens must allow writing.

    `mounts` are repositories of the same registry that tokens must allow reading, for cross mounts.
    """

    def __init__(self, session: Session, path: str, push: bool = False, mounts: tuple[str, ...] = ()) -> None:
        self.session = session
        self.path = path
        scopes = [f"repository:{path}:pull,push" if push else f"repository:{path}:pull"]
        self.scope = " ".join(scopes + [f"repository:{name}:pull" for name in mounts])
        self.root = f"/v2/{path}"

    async def manifest(self, reference: str, limit: int) -> Fetched:
        """Fetch a manifest or index by tag or digest.

        Raises NotFound, Invalid when it is not what its digest says or larger than `limit`, and Unsupported
        for Docker's schema 1.
        """
        ask = self._ask("GET", f"manifests/{quote(reference)}", headers={"accept": ", ".join(_ACCEPTED)})
        answer = await self.session.call(ask, 200, limit=limit)
        digest = of(answer.data)
        claimed = reference if ":" in reference else answer.headers.get("docker-content-digest", "")
        if claimed.startswith("sha256:") and claimed != digest:
            raise Invalid(f"wrong digest: manifest {reference} is {digest}, not {claimed[:100]}")
        if ":" in reference and not claimed.startswith("sha256:"):
            raise Unsupported(f"only sha256 content is kept, not {reference[:20]}…")
        media_type = _media_type(answer)
        if media_type.startswith(_SCHEMA_1):
            raise Unsupported(
                f"manifest {reference} has Docker's image format schema 1, which is no longer supported: "
                "push the image again with a current tool"
            )
        return Fetched(answer.data, media_type, digest)

    async def manifest_digest(self, reference: str) -> Digest | None:
        """Ask which manifest a tag names, which no rate limit counts; None when it is not told."""
        ask = self._ask("HEAD", f"manifests/{quote(reference)}", headers={"accept": ", ".join(_ACCEPTED)})
        answer = await self.session.call(ask, 200, 404)
        if answer.status == 404:
            return None
        try:
            return parse(answer.headers.get("docker-content-digest", ""))
        except Invalid:
            return None

    async def put_manifest(self, reference: str, data: bytes, media_type: str) -> None:
        ask = self._ask(
            "PUT", f"manifests/{quote(reference)}", headers={"content-type": media_type}, content=data
        )
        await self.session.call(ask, 201, 200, 202)

    async def has_blob(self, digest: str) -> bool:
        return (await self.session.call(self._ask("HEAD", f"blobs/{digest}"), 200, 404)).status == 200

    async def blob(self, digest: str, limit: int) -> bytes:
        """Fetch small content, checked against its digest; raises NotFound, Invalid."""
        answer = await self.session.call(self._ask("GET", f"blobs/{digest}"), 200, limit=limit)
        if of(answer.data) != digest:
            raise Invalid(f"wrong digest: blob {digest} is {of(answer.data)}")
        return answer.data

    @contextlib.asynccontextmanager
    async def open_blob(self, digest: str, start: int = 0) -> AsyncIterator[BlobStream]:
        """Open a blob at `start`; it begins at 0 all the same when the registry can't do that."""
        headers = {"range": f"bytes={start}-"} if start else {}
        ask = self._ask("GET", f"blobs/{digest}", headers=headers)
        async with contextlib.AsyncExitStack() as stack:
            answer = await stack.enter_async_context(self.session.opened(ask, 200, 206, 416))
            if answer.status_code == 416:
                whole = self._ask("GET", f"blobs/{digest}")
                answer = await stack.enter_async_context(self.session.opened(whole, 200))
            begins = _range_start(answer) if answer.status_code == 206 else 0
            if begins not in (0, start):
                raise Unavailable("the registry sent another part of the blob than was asked for")
            yield BlobStream(begins, _chunks(answer))

    async def tags(self) -> list[str]:
        """Return all tags, through all pages."""
        found: list[str] = []
        path, query = f"{self.root}/tags/list", {"n": "1000"}
        while path and len(found) < _MOST_TAGS:
            ask = Ask("GET", path, self.scope, query)
            answer = await self.session.call(ask, 200, limit=_LARGEST_PAGE)
            try:
                page = wire.decode(answer.data, _Tags).tags or []
            except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as err:
                raise Invalid("the registry's list of tags is none") from err
            found += page
            path, query = _next(answer) if page else ("", {})
        return found

    async def referrers(self, digest: Digest) -> oci.Index:
        """Return what refers to a manifest: signatures, attestations; empty where the registry has none."""
        answer = await self.session.call(
            self._ask("GET", f"referrers/{digest}"), 200, 404, limit=_LARGEST_PAGE
        )
        if answer.status == 404:
            return oci.Index(2, [])
        try:
            return wire.decode(answer.data, oci.Index)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as err:
            raise Invalid("the registry's list of referrers is none") from err

    def _ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, content: bytes = b""
    ) -> Ask:
        return Ask(method, f"{self.root}/{path}", self.scope, headers=headers or {}, content=content)


def _media_type(answer: Answer) -> str:
    """Return a manifest's type: as its own text says, else as the header does."""
    try:
        stated = wire.decode(answer.data, _Stated)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        stated = _Stated()
    if stated.schema_version == 1:
        return _SCHEMA_1
    header = str(answer.headers.get("content-type", "")).partition(";")[0].strip()
    return stated.media_type or header


class _Stated(msgspec.Struct, rename="camel"):
    schema_version: int = 0
    media_type: str = ""


def _next(answer: Answer) -> tuple[str, dict[str, str]]:
    link = _NEXT.search(answer.headers.get("link", ""))
    if link is None:
        return "", {}
    parts = urlsplit(link[1])
    return parts.path, dict(parse_qsl(parts.query))


def _range_start(answer: httpx.Response) -> int:
    found = re.match(r"bytes (\d+)-", answer.headers.get("content-range", ""))
    return int(found[1]) if found else -1


async def _chunks(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    except httpx.TransportError as err:
        raise Unavailable(f"the connection to the registry broke: {err or type(err).__name__}") from err


def explained(err: PydockError, name: str, path: str) -> PydockError:
    """Put an error about a manifest in the words that Docker's clients look for; others are returned as is.

    `name` is the reference as the user knows it, `path` its repository.
    """
    if isinstance(err, NotFound):
        return NotFound(f"manifest for {name} not found: {err}")
    if isinstance(err, Unauthorized | Forbidden):
        return type(err)(
            f"pull access denied for {path}, repository does not exist or may require 'docker login': {err}"
        )
    return err
