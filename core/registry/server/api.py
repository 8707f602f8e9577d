"""What each endpoint answers: OCI distribution 1.1, and Docker's catalog."""

from __future__ import annotations

import asyncio
import errno
import os
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from ...digest import Digest, parse
from ...errors import Invalid
from ...schema import oci, wire
from ...schema.message import Request, Response
from .answers import Refused, empty, json, refusal
from .storage import Storage, digest_of, is_name
from .uploads import Uploads
from .users import Users

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_ROUTE = re.compile(r"/v2/(.+)/(manifests|blobs/uploads|blobs|tags|referrers)(?:/([^/]*))?")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_LARGEST_MANIFEST = 4 << 20
_PAGE = 1000
_CHUNK = 1 << 20
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# Layers that a registry need not have.
_ELSEWHERE = ("nondistributable", "foreign")


class Document(msgspec.Struct, rename="camel"):
    """What the registry reads of a manifest or index."""

    media_type: str = ""
    artifact_type: str = ""
    config: oci.Descriptor | None = None
    layers: list[oci.Descriptor] | None = None
    blobs: list[oci.Descriptor] | None = None
    manifests: list[oci.Descriptor] | None = None
    subject: oci.Descriptor | None = None
    annotations: dict[str, str] | None = None


class Registry:
    """Answers requests; holds no state but the storage's."""

    def __init__(self, storage: Storage, users: Users | None = None, read_only: bool = False) -> None:
        self._storage = storage
        self._uploads = Uploads(storage)
        self._users = users
        self._read_only = read_only

    async def handle(self, request: Request) -> Response:
        try:
            if self._users is not None and not await self._users.admits(
                request.headers.get("authorization", "")
            ):
                challenge = {"www-authenticate": 'Basic realm="pydock registry"'}
                return refusal(Refused("UNAUTHORIZED"), challenge)
            if self._read_only and request.method in _WRITES:
                raise Refused("UNSUPPORTED", "this registry is read-only")
            return await self._answer(request)
        except Refused as err:
            return refusal(err)
        except OSError as err:
            if err.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            return refusal(Refused("BLOB_UPLOAD_INVALID", "the registry's disk is full", 507))

    async def _answer(self, request: Request) -> Response:
        path, method = request.path, request.method
        if path in ("/v2/", "/v2") and method in ("GET", "HEAD"):
            return json({})
        if path == "/v2/_catalog" and method == "GET":
            return self._catalog(request)
        match = _ROUTE.fullmatch(path)
        if match is None:
            raise Refused("NAME_UNKNOWN" if path.startswith("/v2/") else "UNSUPPORTED", status=404)
        name, kind, rest = match[1], match[2], match[3] or ""
        if not is_name(name):
            raise Refused("NAME_INVALID", name[:200])
        match kind, method:
            case "manifests", "GET" | "HEAD":
                return self._get_manifest(name, rest)
            case "manifests", "PUT":
                return await self._put_manifest(name, rest, request)
            case "manifests", "DELETE":
                return self._delete_manifest(name, rest)
            case "blobs", "GET" | "HEAD":
                return self._get_blob(name, rest, request)
            case "blobs", "DELETE":
                return self._delete_blob(name, rest)
            case "blobs/uploads", "POST" if not rest:
                return await self._uploads.begin(name, request)
            case "blobs/uploads", "PATCH":
                return await self._uploads.patch(name, rest, request)
            case "blobs/uploads", "PUT":
                return await self._uploads.put(name, rest, request)
            case "blobs/uploads", "GET":
                return self._uploads.status(name, rest)
            case "blobs/uploads", "DELETE":
                return self._uploads.cancel(name, rest)
            case "tags", "GET" if rest == "list":
                return self._tags(name, request)
            case "referrers", "GET":
                return self._referrers(name, rest, request)
        raise Refused("UNSUPPORTED", f"{method} {kind}")

    def _catalog(self, request: Request) -> Response:
        page, headers = _page(self._storage.names(), request, "/v2/_catalog")
        return json({"repositories": page}, headers=headers)

    def _tags(self, name: str, request: Request) -> Response:
        if not self._storage.exists(name):
            raise Refused("NAME_UNKNOWN", name)
        page, headers = _page(self._storage.tags(name), request, f"/v2/{name}/tags/list")
        return json({"name": name, "tags": page}, headers=headers)

    def _find(self, name: str, reference: str) -> Digest:
        """Return the digest that a tag or digest names in a repository; raises Refused."""
        if ":" in reference:
            return _digest(reference)
        if not _TAG.fullmatch(reference):
            raise Refused("MANIFEST_UNKNOWN", reference[:200])
        digest = self._storage.tagged(name, reference)
        if digest is None:
            raise Refused("MANIFEST_UNKNOWN", f"no tag {reference} in {name}")
        return digest

    def _get_manifest(self, name: str, reference: str) -> Response:
        digest = self._find(name, reference)
        media_type = self._storage.manifest_type(name, digest)
        if media_type is None:
            raise Refused("MANIFEST_UNKNOWN", f"{reference} in {name}")
        data = self._storage.content(digest).read_bytes()
        headers = {"content-type": media_type, "docker-content-digest": digest, "etag": f'"{digest}"'}
        return Response(200, headers, data)

    async def _put_manifest(self, name: str, reference: str, request: Request) -> Response:
        data = await _limited(request, _LARGEST_MANIFEST)
        document, media_type = _read(data, request)
        by_digest = ":" in reference
        wanted = reference if by_digest else (request.query.get("digest") or [""])[0]
        digest = digest_of(data, _digest(wanted).partition(":")[0] if wanted else "sha256")
        if wanted and wanted != digest:
            raise Refused("DIGEST_INVALID", f"content is {digest}")
        tags = [*([] if by_digest else [reference]), *request.query.get("tag", [])]
        if not all(_TAG.fullmatch(tag) for tag in tags):
            raise Refused("MANIFEST_INVALID", "invalid tag")
        self._check_parts(name, document)
        await asyncio.to_thread(self._keep_manifest, name, data, digest, media_type, document, tags)
        headers = {"location": f"/v2/{name}/manifests/{reference}", "docker-content-digest": digest}
        if document.subject is not None:
            headers["oci-subject"] = document.subject.digest
        if tags:
            headers["oci-tag"] = ", ".join(tags)
        return Response(201, headers, b"")

    def _check_parts(self, name: str, document: Document) -> None:
        """Refuse a manifest whose blobs are not there; an index may come before its manifests."""
        parts = [*([document.config] if document.config else []), *(document.layers or ())]
        for part in [*parts, *(document.blobs or ())]:
            if part.urls or any(word in part.media_type for word in _ELSEWHERE):
                continue
            digest = _digest(part.digest, "MANIFEST_INVALID")
            if not self._storage.has_blob(name, digest):
                raise Refused("MANIFEST_BLOB_UNKNOWN", digest)
            self._storage.touch(digest)
            if self._storage.content(digest).stat().st_size != part.size:
                raise Refused("MANIFEST_INVALID", f"{digest} has another size")

    def _keep_manifest(
        self, name: str, data: bytes, digest: Digest, media_type: str, document: Document, tags: Sequence[str]
    ) -> None:
        self._storage.write(data, digest)
        if document.subject is not None:
            self._storage.refer(name, _digest(document.subject.digest, "MANIFEST_INVALID"), digest)
        self._storage.link_manifest(name, digest, media_type)
        for tag in tags:
            self._storage.tag(name, tag, digest)

    def _delete_manifest(self, name: str, reference: str) -> Response:
        if ":" not in reference:
            if not _TAG.fullmatch(reference) or not self._storage.untag(name, reference):
                raise Refused("MANIFEST_UNKNOWN", f"no tag {reference[:128]} in {name}")
            return empty(202, content_length="0")
        digest = _digest(reference)
        if self._storage.manifest_type(name, digest) is None:
            raise Refused("MANIFEST_UNKNOWN", f"{reference} in {name}")
        document = document_of(self._storage.content(digest).read_bytes())
        if document is not None and document.subject is not None:
            self._storage.forget_referrer(name, Digest(document.subject.digest), digest)
        self._storage.unlink_manifest(name, digest)
        return empty(202, content_length="0")

    def _get_blob(self, name: str, reference: str, request: Request) -> Response:
        digest = _digest(reference)
        if not self._storage.has_blob(name, digest):
            raise Refused("BLOB_UNKNOWN", f"{digest} in {name}")
        if request.method == "HEAD":
            # A push asks so, and sends no blob that is there.
            self._storage.touch(digest)
        path = self._storage.content(digest)
        size = path.stat().st_size
        headers = {
            "content-type": "application/octet-stream",
            "docker-content-digest": digest,
            "accept-ranges": "bytes",
            "etag": f'"{digest}"',
        }
        start, end, status = 0, size, 200
        if (asked := request.headers.get("range", "")) and request.method == "GET":
            found = _range(asked, size)
            if found is None:
                return Response(416, {"content-range": f"bytes */{size}"}, b"")
            start, end, status = found[0], found[1], 206
            headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
        headers["content-length"] = str(end - start)
        return Response(status, headers, _file(path, start, end))

    def _delete_blob(self, name: str, reference: str) -> Response:
        digest = _digest(reference)
        if not self._storage.unlink_blob(name, digest):
            raise Refused("BLOB_UNKNOWN", f"{digest} in {name}")
        return empty(202, content_length="0")

    def _referrers(self, name: str, reference: str, request: Request) -> Response:
        subject = _digest(reference)
        wanted = (request.query.get("artifactType") or [""])[0]
        found = []
        for digest in self._storage.referrers(name, subject):
            descriptor = self._describe(name, digest)
            if descriptor and (not wanted or descriptor.get("artifactType") == wanted):
                found.append(descriptor)
        headers = {"oci-filters-applied": "artifactType"} if wanted else {}
        index = {"schemaVersion": 2, "mediaType": oci.MEDIA_OCI_INDEX, "manifests": found}
        return json(index, headers=headers, media_type=oci.MEDIA_OCI_INDEX)

    def _describe(self, name: str, digest: Digest) -> dict[str, Any] | None:
        media_type = self._storage.manifest_type(name, digest)
        if media_type is None:
            return None
        data = self._storage.content(digest).read_bytes()
        document = document_of(data) or Document()
        kind = document.artifact_type or (document.config.media_type if document.config else "")
        described: dict[str, Any] = {"mediaType": media_type, "digest": digest, "size": len(data)}
        if kind:
            described["artifactType"] = kind
        if document.annotations:
            described["annotations"] = document.annotations
        return described


def document_of(data: bytes) -> Document | None:
    """Read a manifest or index; None for what is neither."""
    try:
        return wire.decode(data, Document)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None


def _read(data: bytes, request: Request) -> tuple[Document, str]:
    document = document_of(data)
    header = request.headers.get("content-type", "").partition(";")[0].strip()
    if document is None or (document.manifests is not None and document.layers is not None):
        raise Refused("MANIFEST_INVALID")
    media_type = header or document.media_type
    if not media_type or (document.media_type and document.media_type != media_type):
        raise Refused("MANIFEST_INVALID", "media types differ")
    return document, media_type


def _digest(text: str, code: str = "DIGEST_INVALID") -> Digest:
    try:
        return parse(text)
    except Invalid:
        raise Refused(code, f"invalid digest {text[:200]}") from None


async def _limited(request: Request, limit: int) -> bytes:
    data = bytearray()
    assert not isinstance(request.body, bytes)
    async for chunk in request.body:
        data += chunk
        if len(data) > limit:
            raise Refused("SIZE_INVALID", f"manifest is larger than {limit} bytes", 413)
    return bytes(data)


def _page(names: list[str], request: Request, path: str) -> tuple[list[str], dict[str, str]]:
    """Cut the page that a request asks for out of a sorted list."""
    count = (request.query.get("n") or [""])[0]
    last = (request.query.get("last") or [""])[0]
    if count and not count.isdigit():
        raise Refused("UNSUPPORTED", "n must be a number", 400)
    size = min(int(count), _PAGE) if count else (_PAGE if last else len(names))
    left = [name for name in names if name > last] if last else names
    page = left[:size]
    if not page or len(left) <= size:
        return page, {}
    more = urlencode({"n": size, "last": page[-1]})
    return page, {"link": f'<{path}?{more}>; rel="next"'}


def _range(text: str, size: int) -> tuple[int, int] | None:
    """Return start and end (exclusive) of a single range; None when it can't be given (RFC 9110, 14.1.2)."""
    match = _RANGE.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        start, end = max(size - int(match[2]), 0), size
    else:
        start, end = int(match[1]), min(int(match[2]) + 1, size) if match[2] else size
    return (start, end) if start < end else None


async def _file(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while start < end and (data := os.pread(descriptor, min(_CHUNK, end - start), start)):
            start += len(data)
            yield data
    finally:
        os.close(descriptor)
