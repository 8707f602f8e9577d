"""The program `pydockd` as a process: addresses, TLS, sockets handed over, signals."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import stat
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: an engine is built")
_PROGRAM = "from pydock.core.daemon import main; main()"
# What systemd does before it executes a service: sockets from descriptor 3 on, named for this process.
_ACTIVATED = (
    "import os; os.dup2(int(os.environ['HANDED']), 3); os.environ['LISTEN_PID'] = str(os.getpid()); "
    + _PROGRAM
)
BOUND_S = 30


@dataclass
class Authority:
    """Certificates for tests, below one directory."""

    place: Path
    key: ec.EllipticCurvePrivateKey
    name: x509.Name

    @classmethod
    def make(cls, place: Path) -> Authority:
        place.mkdir()
        made = cls(place, ec.generate_private_key(ec.SECP256R1()), _name("authority"))
        made._issue("ca", made.key, made.name, is_authority=True)
        for whom in ("server", "client"):
            made._issue(whom, ec.generate_private_key(ec.SECP256R1()), _name(whom))
        return made

    def _issue(
        self, whom: str, key: ec.EllipticCurvePrivateKey, name: x509.Name, is_authority: bool = False
    ) -> None:
        now = datetime.now(UTC)
        public = key.public_key()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False)
            .add_extension(
                x509.KeyUsage(True, False, False, False, False, is_authority, is_authority, False, False),
                True,
            )
            .sign(self.key, hashes.SHA256())
        )
        self.file(whom).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.file(whom, "key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def file(self, whom: str, kind: str = "pem") -> Path:
        return self.place / f"{whom}.{kind}"

    def flags(self) -> list[str]:
        return ["--tlsverify", f"--tlscacert={self.file('ca')}", f"--tlscert={self.file('server')}",
                f"--tlskey={self.file('server', 'key')}"]  # fmt: skip

    def client(self, certificate: bool = True) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.file("ca")))
        if certificate:
            context.load_cert_chain(self.file("client"), self.file("client", "key"))
        return context


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


@dataclass
class Daemon:
    process: asyncio.subprocess.Process

    async def told(self, text: str) -> str:
        """Wait until the log has a line with `text`."""
        assert self.process.stderr is not None
        seen = ""
        async with asyncio.timeout(BOUND_S):
            while line := (await self.process.stderr.readline()).decode():
                seen += line
                if text in line:
                    return line
        raise AssertionError(f"the daemon ended without {text!r}: {seen}")

    async def ended(self) -> int:
        async with asyncio.timeout(BOUND_S):
            return await self.process.wait()


@contextlib.asynccontextmanager
async def started(
    place: Path, *flags: str, program: str = _PROGRAM, handed: socket.socket | None = None
) -> AsyncIterator[Daemon]:
    environment = {**os.environ, "LISTEN_FDS": "1", "HANDED": str(handed.fileno() if handed else -1)}
    words = [sys.executable, "-c", program, f"--data-root={place}/root", f"--exec-root={place}/run"]
    process = await asyncio.create_subprocess_exec(
        *words, *flags,
        stderr=asyncio.subprocess.PIPE, env=environment, pass_fds=[handed.fileno()] if handed else [],
    )  # fmt: skip
    try:
        yield Daemon(process)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def ping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(b"GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n")
    try:
        async with asyncio.timeout(BOUND_S):
            return await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def test_only_a_client_with_a_certificate_is_answered(tmp_path: Path) -> None:
    authority = Authority.make(tmp_path / "tls")
    async with started(tmp_path, "-H", "tcp://127.0.0.1:0", *authority.flags()) as daemon:
        port = int((await daemon.told("listens on")).rsplit(":", 1)[1])
        good = await asyncio.open_connection("127.0.0.1", port, ssl=authority.client())
        assert (await ping(*good)).endswith(b"OK")
        with pytest.raises(OSError):  # noqa: PT012  # TLS 1.3 tells on the first read, earlier ones at once
            bad = await asyncio.open_connection("127.0.0.1", port, ssl=authority.client(certificate=False))
            assert await ping(*bad) == b""
            raise ConnectionResetError
        plain = await asyncio.open_connection("127.0.0.1", port)
        assert b"200 OK" not in await ping(*plain)


async def test_a_pidfile_and_a_handed_socket(tmp_path: Path) -> None:
    pidfile = tmp_path / "pid"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "handed.sock"))
        listener.listen()
        async with started(
            tmp_path, "--pidfile", str(pidfile), program=_ACTIVATED, handed=listener
        ) as daemon:
            assert "fd://" in await daemon.told("listens on")
            assert (await ping(*await asyncio.open_unix_connection(str(tmp_path / "handed.sock")))).endswith(
                b"OK"
            )
            assert pidfile.read_text() == f"{daemon.process.pid}\n"
            daemon.process.terminate()
            assert await daemon.ended() == 0
    assert not pidfile.exists()
    assert (tmp_path / "handed.sock").exists()


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["-H", "tcp://127.0.0.1:0"], "refusing to listen on tcp://127.0.0.1:0 without TLS"),
        (["-H", "fd://"], "no sockets were handed over"),
        (["-H", "tcp://127.0.0.1:0", "--tlsverify"], "TLS needs --tlscert and --tlskey"),
        (["--config-file", "/nonexistent/daemon.json"], "no such file: /nonexistent/daemon.json"),
    ],
)
async def test_what_can_t_be_listened_on_is_said_in_one_line(
    tmp_path: Path, flags: list[str], told: str
) -> None:
    async with started(tmp_path, *flags) as daemon:
        assert (await daemon.told(told)).startswith("pydockd: ")
        assert await daemon.ended() == 1


async def test_tcp_without_tls_is_open_when_told_in_so_many_words(tmp_path: Path) -> None:
    async with started(tmp_path, "-H", "tcp://127.0.0.1:0", "--tls=false") as daemon:
        await daemon.told("whoever connects is root here")
        port = int((await daemon.told("listens on")).rsplit(":", 1)[1])
        assert (await ping(*await asyncio.open_connection("127.0.0.1", port))).endswith(b"OK")


async def test_hup_reads_the_settings_anew(tmp_path: Path) -> None:
    file = tmp_path / "daemon.json"
    file.write_text("{}")
    sock = tmp_path / "d.sock"
    async with started(tmp_path, "--config-file", str(file), "-H", f"unix://{sock}") as daemon:
        await daemon.told("listens on")
        assert stat.S_IMODE(sock.stat().st_mode) == 0o660
        file.write_text(json.dumps({"log-level": "debug", "storage-driver": "vfs"}))
        daemon.process.send_signal(signal.SIGHUP)
        assert "needed for: config" in await daemon.told("settings read anew")
        file.write_text(json.dumps({"nosuch": 1}))
        daemon.process.send_signal(signal.SIGHUP)
        assert "nosuch" in await daemon.told("settings are as before")
        assert (await ping(*await asyncio.open_unix_connection(str(sock)))).endswith(b"OK")
    assert not sock.exists()


async def test_dial_stdio_joins_a_client_to_the_daemon(tmp_path: Path) -> None:
    sock = tmp_path / "d.sock"
    program = "from pydock.core.cli import main; main()"
    async with started(tmp_path, "-H", f"unix://{sock}") as daemon:
        await daemon.told("listens on")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, "-H", f"unix://{sock}", "system", "dial-stdio",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(BOUND_S):
            said, _ = await process.communicate(
                b"GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"
            )
        assert said.endswith(b"OK")
        assert process.returncode == 0
