"""Images, through the API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from ..schema.auth import AuthConfig, AuthResponse, encode_header
from ..schema.images import (
    DeleteItem,
    DistributionInspect,
    HistoryEntry,
    ImageInspect,
    ImagesPruneResponse,
    ImageSummary,
    Progress,
)
from ..schema.message import Body
from .caller import Caller, Wanted, encode_filters


class Images:
    """`Client.images`. An image is named by id, unique beginning of an id, or reference."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def inspect(self, name: str) -> ImageInspect:
        return await self._caller.read(ImageInspect, "GET", f"/images/{name}/json")

    async def inspect_raw(self, name: str) -> bytes:
        """Return the JSON as the engine wrote it."""
        return await self._caller.text(f"/images/{name}/json")

    async def history(self, name: str) -> list[HistoryEntry]:
        return await self._caller.read(list[HistoryEntry], "GET", f"/images/{name}/history")

    def load(self, archive: Body, quiet: bool = False) -> AsyncGenerator[Progress, None]:
        """Load a Docker archive or an OCI layout (plain or compressed tar); yields what happens."""
        query = {"quiet": "1" if quiet else "0"}
        return self._caller.records(Progress, "POST", "/images/load", query, archive)

    def save(self, names: Sequence[str]) -> AsyncGenerator[bytes, None]:
        """Yield an archive of the images."""
        return self._caller.raw("/images/get", {"names": list(names)})

    def import_(
        self,
        archive: Body,
        repo: str = "",
        tag: str = "",
        message: str = "",
        changes: Sequence[str] = (),
        source: str = "-",
        platform: str | None = None,
    ) -> AsyncGenerator[Progress, None]:
        """Make an image of a root file system's tar; the last record's `status` is its id."""
        query = {
            "fromSrc": source,
            "repo": repo or None,
            "tag": tag or None,
            "message": message or None,
            "changes": list(changes) or None,
            "platform": platform,
        }
        return self._caller.records(Progress, "POST", "/images/create", query, archive)

    def pull(
        self, repo: str, tag: str = "", platform: str | None = None, auth: AuthConfig | None = None
    ) -> AsyncGenerator[Progress, None]:
        """Fetch an image from a registry, all of the repository without `tag`; yields what happens."""
        query = {"fromImage": repo, "tag": tag or None, "platform": platform}
        return self._caller.records(Progress, "POST", "/images/create", query, headers=_header(auth))

    def push(
        self, repo: str, tag: str = "", auth: AuthConfig | None = None
    ) -> AsyncGenerator[Progress, None]:
        """Send an image to its registry, all of the repository without `tag`; yields what happens."""
        path, query = f"/images/{repo}/push", {"tag": tag or None}
        return self._caller.records(Progress, "POST", path, query, headers=_header(auth, required=True))

    async def login(self, auth: AuthConfig) -> AuthResponse:
        """Check credentials at the registry that they name; raises Unauthorized."""
        return await self._caller.read(AuthResponse, "POST", "/auth", body=auth)

    async def look(self, name: str) -> DistributionInspect:
        """Tell what a name leads to at its registry, and for which platforms."""
        return await self._caller.read(DistributionInspect, "GET", f"/distribution/{name}/json")

    async def tag(self, source: str, repo: str, tag: str = "") -> None:
        await self._caller.do("POST", f"/images/{source}/tag", {"repo": repo, "tag": tag or None})

    async def remove(self, name: str, force: bool = False, prune: bool = True) -> list[DeleteItem]:
        """Take a name off, and remove the image with its last name; raises Conflict while it is used."""
        query = {"force": force, "noprune": not prune}
        return await self._caller.read(list[DeleteItem], "DELETE", f"/images/{name}", query)

    async def prune(self, filters: Wanted = None) -> ImagesPruneResponse:
        query = {"filters": encode_filters(filters)}
        return await self._caller.read(ImagesPruneResponse, "POST", "/images/prune", query)

    # Last, for its name hides the type.
    async def list(
        self, all: bool = False, filters: Wanted = None, digests: bool = False, shared_size: bool = False
    ) -> list[ImageSummary]:
        query = {
            "all": all,
            "filters": encode_filters(filters),
            "digests": digests,
            "shared-size": shared_size,
        }
        return await self._caller.read(list[ImageSummary], "GET", "/images/json", query)


def _header(auth: AuthConfig | None, required: bool = False) -> dict[str, str]:
    if auth is None or auth.empty:
        # dockerd wants the header with a push, if only to say that there are no credentials.
        return {"x-registry-auth": encode_header(AuthConfig())} if required else {}
    return {"x-registry-auth": encode_header(auth)}
