"""Tests of the registry's endpoints, by the distribution specification."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pydock.core.digest import Digest, of
from pydock.core.registry.server.api import Registry
from pydock.core.registry.server.storage import Storage
from pydock.core.schema import oci
from pydock.core.schema.message import Hijack, Request, Response

BLOB = b"some content"
EMPTY = b"{}"


@dataclass
class Client:
    """Calls a registry without a network."""

    registry: Registry
    storage: Storage

    async def __call__(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        query: dict[str, str | list[str]] | None = None,
        **headers: str,
    ) -> Response:
        values = {name: [v] if isinstance(v, str) else v for name, v in (query or {}).items()}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.registry.handle(Request(method, path, values, named, chunks(body)))

    async def push_blob(self, name: str, data: bytes) -> Digest:
        answer = await self("POST", f"/v2/{name}/blobs/uploads/", data, {"digest": of(data)})
        assert answer.status == 201
        return of(data)

    async def push_manifest(self, name: str, reference: str, **fields: Any) -> Digest:
        config = await self.push_blob(name, EMPTY)
        body = {
            "schemaVersion": 2,
            "mediaType": oci.MEDIA_OCI_MANIFEST,
            "config": {"mediaType": oci.MEDIA_OCI_EMPTY, "digest": config, "size": len(EMPTY)},
            "layers": [],
            **fields,
        }
        data = json.dumps(body).encode()
        answer = await self("PUT", f"/v2/{name}/manifests/{reference or of(data)}", data)
        assert answer.status == 201, answer
        return of(data)


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    if data:
        yield data


async def content(response: Response) -> bytes:
    body = response.body
    assert not isinstance(body, Hijack)
    return body if isinstance(body, bytes) else b"".join([chunk async for chunk in body])


async def parsed(response: Response) -> Any:
    return json.loads(await content(response))


async def code(response: Response) -> str:
    return str((await parsed(response))["errors"][0]["code"])


@pytest.fixture
def call(tmp_path: Path) -> Client:
    storage = Storage(tmp_path)
    return Client(Registry(storage), storage)


async def test_the_root_tells_that_this_is_a_registry(call: Client) -> None:
    answer = await call("GET", "/v2/")
    assert answer.status == 200
    assert answer.headers["docker-distribution-api-version"] == "registry/2.0"


@pytest.mark.parametrize(
    "name", ["A", "a/", "a//b", "../a", "a/../b", "_uploads", "a/_tags", "a" * 256, "a b", "-a"]
)
async def test_names_that_are_none_are_refused(call: Client, name: str) -> None:
    answer = await call("POST", f"/v2/{name}/blobs/uploads/")
    assert (answer.status, await code(answer)) == (400, "NAME_INVALID")


async def test_a_blob_is_pushed_in_one_request(call: Client) -> None:
    answer = await call("POST", "/v2/a/blobs/uploads/", BLOB, {"digest": of(BLOB)})
    assert (answer.status, answer.headers["location"]) == (201, f"/v2/a/blobs/{of(BLOB)}")
    assert await content(await call("GET", f"/v2/a/blobs/{of(BLOB)}")) == BLOB
    head = await call("HEAD", f"/v2/a/blobs/{of(BLOB)}")
    assert head.headers["content-length"] == str(len(BLOB))
    assert (await call("GET", f"/v2/b/blobs/{of(BLOB)}")).status == 404


async def test_a_blob_is_pushed_in_chunks(call: Client) -> None:
    location = (await call("POST", "/v2/a/blobs/uploads/")).headers["location"]
    first = await call("PATCH", location, BLOB[:5], content_range="0-4", content_length="5")
    assert (first.status, first.headers["range"]) == (202, "0-4")
    late = await call("PATCH", location, BLOB[6:], content_range=f"6-{len(BLOB) - 1}")
    assert late.status == 416
    status = await call("GET", location)
    assert (status.status, status.headers["range"]) == (204, "0-4")
    await call("PATCH", location, BLOB[5:8])
    done = await call("PUT", location, BLOB[8:], {"digest": of(BLOB)}, content_range=f"8-{len(BLOB) - 1}")
    assert done.status == 201
    assert await content(await call("GET", done.headers["location"])) == BLOB
    assert (await call("GET", location)).status == 404


@pytest.mark.parametrize("digest", [of(b"other"), "", "sha256:abc", "md5:" + "0" * 32])
async def test_a_wrong_digest_is_refused_and_nothing_is_kept(call: Client, digest: str) -> None:
    location = (await call("POST", "/v2/a/blobs/uploads/")).headers["location"]
    answer = await call("PUT", location, BLOB, {"digest": digest})
    assert (answer.status, await code(answer)) == (400, "DIGEST_INVALID")
    assert not call.storage.has_content(of(BLOB))


async def test_sha512_is_a_digest_too(call: Client) -> None:
    digest = "sha512:" + hashlib.sha512(BLOB).hexdigest()
    assert (await call("POST", "/v2/a/blobs/uploads/", BLOB, {"digest": digest})).status == 201
    assert await content(await call("GET", f"/v2/a/blobs/{digest}")) == BLOB
    data = json.dumps({"schemaVersion": 2, "mediaType": oci.MEDIA_OCI_INDEX, "manifests": []}).encode()
    named = "sha512:" + hashlib.sha512(data).hexdigest()
    put = await call("PUT", f"/v2/a/manifests/{named}", data)
    assert (put.status, put.headers["docker-content-digest"]) == (201, named)
    assert await content(await call("GET", f"/v2/a/manifests/{named}")) == data


async def test_an_upload_is_cancelled(call: Client) -> None:
    location = (await call("POST", "/v2/a/blobs/uploads/")).headers["location"]
    assert (await call("DELETE", location)).status == 204
    assert await code(await call("PATCH", location, BLOB)) == "BLOB_UPLOAD_UNKNOWN"


@pytest.mark.parametrize("identity", ["..", "x", "0" * 31, "../../_tags/latest", "%2e%2e"])
async def test_uploads_that_are_none_are_unknown(call: Client, identity: str) -> None:
    assert (await call("PATCH", f"/v2/a/blobs/uploads/{identity}", BLOB)).status in (400, 404, 405)


@pytest.mark.parametrize(
    ("source", "status"), [("a", 201), ("", 201), ("c", 202), ("../a", 202), ("a/../a", 202)]
)
async def test_mounts_take_blobs_that_are_there(call: Client, source: str, status: int) -> None:
    digest = await call.push_blob("a", BLOB)
    query: dict[str, str | list[str]] = {"mount": digest, "from": source}
    assert (await call("POST", "/v2/b/blobs/uploads/", b"", query)).status == status
    assert (await call("HEAD", f"/v2/b/blobs/{digest}")).status == (200 if status == 201 else 404)


@pytest.mark.parametrize(
    ("asked", "status", "data", "told"),
    [
        ("bytes=0-3", 206, BLOB[:4], "bytes 0-3/12"),
        ("bytes=5-", 206, BLOB[5:], "bytes 5-11/12"),
        ("bytes=-4", 206, BLOB[-4:], "bytes 8-11/12"),
        ("bytes=0-99", 206, BLOB, "bytes 0-11/12"),
        ("bytes=12-", 416, b"", "bytes */12"),
        ("bytes=4-3", 416, b"", "bytes */12"),
        ("bytes=-", 416, b"", "bytes */12"),
    ],
)
async def test_ranges_of_a_blob(call: Client, asked: str, status: int, data: bytes, told: str) -> None:
    digest = await call.push_blob("a", BLOB)
    answer = await call("GET", f"/v2/a/blobs/{digest}", range=asked)
    assert (answer.status, await content(answer), answer.headers["content-range"]) == (status, data, told)


async def test_a_manifest_is_got_by_tag_and_digest_and_deleted_with_its_tags(call: Client) -> None:
    digest = await call.push_manifest("a", "v1")
    await call.push_manifest("a", "v2")
    for reference in ("v1", "v2", digest):
        answer = await call("GET", f"/v2/a/manifests/{reference}")
        assert (answer.status, answer.headers["docker-content-digest"]) == (200, digest)
        assert answer.headers["content-type"] == oci.MEDIA_OCI_MANIFEST
    assert (await call("DELETE", "/v2/a/manifests/v1")).status == 202
    assert (await call("GET", "/v2/a/manifests/v1")).status == 404
    assert (await call("GET", f"/v2/a/manifests/{digest}")).status == 200
    assert (await call("DELETE", f"/v2/a/manifests/{digest}")).status == 202
    assert await code(await call("GET", "/v2/a/manifests/v2")) == "MANIFEST_UNKNOWN"
    tags = await parsed(await call("GET", "/v2/a/tags/list"))
    assert tags == {"name": "a", "tags": []}


async def test_several_tags_come_with_one_manifest(call: Client) -> None:
    data = json.dumps({"schemaVersion": 2, "mediaType": oci.MEDIA_OCI_INDEX, "manifests": []}).encode()
    answer = await call("PUT", f"/v2/a/manifests/{of(data)}", data, {"tag": ["1", "2"]})
    assert answer.headers["oci-tag"] == "1, 2"
    assert (await parsed(await call("GET", "/v2/a/tags/list")))["tags"] == ["1", "2"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "MANIFEST_INVALID"),
        (b"nonsense", "MANIFEST_INVALID"),
        (b"[" * 100_000, "MANIFEST_INVALID"),
        (b'{"schemaVersion": 2}', "MANIFEST_INVALID"),
        (b'{"mediaType": "x", "layers": [], "manifests": []}', "MANIFEST_INVALID"),
        (
            b'{"mediaType": "x", "layers": [{"mediaType": "x", "size": 1, "digest": "sha256:x"}]}',
            "MANIFEST_INVALID",
        ),
        (
            json.dumps(
                {"mediaType": "x", "layers": [{"mediaType": "x", "size": 1, "digest": of(b"?")}]}
            ).encode(),
            "MANIFEST_BLOB_UNKNOWN",
        ),
        (b'{"mediaType": "x", "pad": "' + b"x" * (4 << 20) + b'"}', "SIZE_INVALID"),
    ],
    ids=["empty", "text", "deep", "no type", "both", "bad digest", "no blob", "large"],
)
async def test_manifests_that_are_none_are_refused(call: Client, body: bytes, expected: str) -> None:
    answer = await call("PUT", "/v2/a/manifests/latest", body)
    assert (await code(answer), answer.status // 100) == (expected, 4)
    assert (await call("GET", "/v2/a/manifests/latest")).status == 404


async def test_tags_and_repositories_come_in_pages(call: Client) -> None:
    for tag in ("c", "a", "b"):
        await call.push_manifest("x/y", tag)
    await call.push_manifest("w", "1")
    first = await call("GET", "/v2/x/y/tags/list", query={"n": "2"})
    assert (await parsed(first))["tags"] == ["a", "b"]
    assert first.headers["link"] == '</v2/x/y/tags/list?n=2&last=b>; rel="next"'
    rest = await call("GET", "/v2/x/y/tags/list", query={"n": "2", "last": "b"})
    assert (await parsed(rest))["tags"] == ["c"]
    assert "link" not in rest.headers
    assert (await parsed(await call("GET", "/v2/x/y/tags/list", query={"n": "0"})))["tags"] == []
    assert (await parsed(await call("GET", "/v2/_catalog")))["repositories"] == ["w", "x/y"]
    assert (await call("GET", "/v2/no/such/tags/list")).status == 404


async def test_referrers_are_listed_by_subject_and_type(call: Client) -> None:
    subject = await call.push_manifest("a", "latest")
    described = {"mediaType": oci.MEDIA_OCI_MANIFEST, "digest": subject, "size": 1}
    signature = await call.push_manifest(
        "a", "", subject=described, artifactType="sig/x", annotations={"k": "v"}
    )
    await call.push_manifest("a", "", subject=described, artifactType="sbom/x")
    found = await call("GET", f"/v2/a/referrers/{subject}")
    assert found.headers["content-type"] == oci.MEDIA_OCI_INDEX
    assert len((await parsed(found))["manifests"]) == 2
    answer = await call("GET", f"/v2/a/referrers/{subject}", query={"artifactType": "sig/x"})
    assert answer.headers["oci-filters-applied"] == "artifactType"
    (only,) = (await parsed(answer))["manifests"]
    assert (only["digest"], only["artifactType"], only["annotations"]) == (signature, "sig/x", {"k": "v"})
    await call("DELETE", f"/v2/a/manifests/{signature}")
    assert len((await parsed(await call("GET", f"/v2/a/referrers/{subject}")))["manifests"]) == 1
    assert (await call("GET", "/v2/a/referrers/nonsense")).status == 400


async def test_a_subject_may_come_later_and_is_told_of(call: Client) -> None:
    described = {"mediaType": oci.MEDIA_OCI_MANIFEST, "digest": of(b"later"), "size": 5}
    config = await call.push_blob("a", EMPTY)
    body = {
        "schemaVersion": 2,
        "mediaType": oci.MEDIA_OCI_MANIFEST,
        "config": {"mediaType": oci.MEDIA_OCI_EMPTY, "digest": config, "size": 2},
        "layers": [],
        "subject": described,
    }
    answer = await call("PUT", "/v2/a/manifests/x", json.dumps(body).encode())
    assert (answer.status, answer.headers["oci-subject"]) == (201, of(b"later"))


async def test_a_deleted_blob_is_gone_from_its_repository_only(call: Client) -> None:
    digest = await call.push_blob("a", BLOB)
    await call.push_blob("b", BLOB)
    assert (await call("DELETE", f"/v2/a/blobs/{digest}")).status == 202
    assert (await call("GET", f"/v2/a/blobs/{digest}")).status == 404
    assert (await call("GET", f"/v2/b/blobs/{digest}")).status == 200


async def test_a_read_only_registry_refuses_changes(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    call = Client(Registry(storage, read_only=True), storage)
    answer = await call("POST", "/v2/a/blobs/uploads/")
    assert (answer.status, await code(answer)) == (405, "UNSUPPORTED")
    assert (await call("GET", "/v2/")).status == 200
