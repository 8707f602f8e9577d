"""Tests of TLS: own authorities, certificates that are not to be trusted, and loopback without checks."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pydock.core.errors import Invalid, Unavailable
from pydock.core.registry.server.run import Options, serving
from pydock.core.registry.session import Ask, connect
from support.registries import AT_ONCE


def certificate(directory: Path, name: str) -> tuple[Path, Path]:
    """Write a self-signed certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert, secret = directory / f"{name}.crt", directory / f"{name}.key"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return cert, secret


async def reached(port: int, certificates: tuple[Path, ...]) -> str:
    """Return the scheme by which a loopback registry answers."""
    settings = replace(AT_ONCE, certificates=certificates)
    async with connect(f"127.0.0.1:{port}", None, settings) as session:
        answer = await session.open(Ask("GET", "/v2/"))
        await answer.aclose()
        assert answer.status_code == 200
        return answer.url.scheme


async def test_tls_is_taken_where_it_is_offered(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "server")
    async with serving(Options(port=0, certificate=cert, key=key)) as port:
        assert await reached(port, ()) == "https"
    async with serving(Options(port=0)) as port:
        assert await reached(port, ()) == "http"


async def test_with_an_own_authority_only_its_certificates_are_trusted(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "server")
    other, other_key = certificate(tmp_path, "other")
    async with (
        serving(Options(port=0, certificate=cert, key=key)) as port,
        serving(Options(port=0, certificate=other, key=other_key)) as wrong,
    ):
        for each in (port, wrong):
            place = tmp_path / "certs.d" / f"127.0.0.1:{each}"
            place.mkdir(parents=True)
            (place / "ca.crt").write_bytes(cert.read_bytes())
        assert await reached(port, (tmp_path / "certs.d",)) == "https"
        with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            await reached(wrong, (tmp_path / "certs.d",))


async def test_a_damaged_certificate_is_named(tmp_path: Path) -> None:
    place = tmp_path / "127.0.0.1:1"
    place.mkdir()
    (place / "ca.crt").write_text("nonsense")
    with pytest.raises(Invalid, match=r"ca\.crt"):
        await reached(1, (tmp_path,))
    with pytest.raises(Invalid, match=r"ca\.crt"):
        async with serving(Options(port=0, certificate=place / "ca.crt")):
            pass
