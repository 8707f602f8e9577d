"""What a name leads to at its registry, without pulling it: `GET /distribution/{name}/json`."""

from __future__ import annotations

from ..config import Limits
from ..errors import PydockError
from ..reference import Reference
from ..registry.repository import Repository, explained
from ..registry.session import connect
from ..registry.settings import Settings
from ..schema import oci
from ..schema.auth import AuthConfig
from ..schema.images import DistributionDescriptor, DistributionInspect
from .platforms import is_attestation
from .records import decode_config, decode_index
from .resolve import is_index, parsed_manifest


async def look(
    name: Reference, credentials: AuthConfig | None, settings: Settings, limits: Limits
) -> DistributionInspect:
    """Return a name's descriptor and the platforms it offers; raises NotFound, Invalid, Unavailable."""
    async with connect(name.domain, credentials, settings) as session:
        repository = Repository(session, name.path)
        try:
            found = await repository.manifest(name.digest or name.tag, limits.manifest_bytes)
            if is_index(found):
                entries = decode_index(found.data).manifests
                platforms = [e.platform for e in entries if e.platform and not is_attestation(e)]
            else:
                config = parsed_manifest(found).config
                data = await repository.blob(config.digest, limits.config_bytes)
                image = decode_config(data)
                platforms = [oci.Platform(image.architecture, image.os or "linux", variant=image.variant)]
        except PydockError as err:
            raise explained(err, name.familiar, name.familiar_name) from err
    descriptor = DistributionDescriptor(
        media_type=found.media_type, digest=found.digest, size=len(found.data)
    )
    return DistributionInspect(descriptor=descriptor, platforms=platforms)
