"""TLS of the TCP listeners: the server's certificate, and the authority that clients' come from."""

from __future__ import annotations

import ssl

from ..errors import Invalid
from .settings import Settings


def context(settings: Settings) -> ssl.SSLContext:
    """Make the context; with `tlsverify` a client without a certificate of that authority is sent away.

    Raises Invalid when a file is missing or is not what it should be.
    """
    if settings.tlscert is None or settings.tlskey is None:
        raise Invalid("TLS needs --tlscert and --tlskey")
    if settings.tlsverify and settings.tlscacert is None:
        raise Invalid("--tlsverify needs --tlscacert: the authority that clients' certificates come from")
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.tlsverify:
        made.verify_mode = ssl.CERT_REQUIRED
    load(made, settings)
    return made


def load(made: ssl.SSLContext, settings: Settings) -> None:
    """Read the certificates into a context, also anew: connections made from then on have the new ones."""
    assert settings.tlscert is not None
    try:
        made.load_cert_chain(settings.tlscert, settings.tlskey)
        if settings.tlsverify:
            made.load_verify_locations(settings.tlscacert)
    except (OSError, ssl.SSLError) as err:
        named = ", ".join(str(p) for p in (settings.tlscacert, settings.tlscert, settings.tlskey) if p)
        raise Invalid(f"cannot read certificates ({named}): {err}") from err
