"""`push`, `login`, `logout`, and `registry serve`, `passwd`, `collect`."""

from __future__ import annotations

import asyncio
import getpass
import signal
import sys
from pathlib import Path

from ...client.credentials import Credentials
from ...errors import NotFound
from ...reference import Reference
from ...registry.names import HUB, credential_key, domain_of
from ...schema.auth import AuthConfig
from .. import render, terminal
from ..command import Cli, Command
from ..failure import Failure
from ..flags import Flag, Options
from .pulling import show, stored

_LATEST = "latest"


async def _push(cli: Cli, options: Options, arguments: list[str]) -> None:
    reference = Reference.parse(arguments[0])
    every, quiet = options.flag("all-tags"), options.flag("quiet")
    if every and (reference.tag or reference.digest):
        raise Failure("tag can't be used with --all-tags/-a")
    if not every and not reference.tag and not reference.digest:
        if not quiet:
            render.line(f"Using default tag: {_LATEST}")
        reference = reference.with_default_tag()
    if reference.digest:
        raise Failure("cannot push a digest reference")
    auth = await stored(reference.domain)
    async with cli.connect() as client:
        await show(client.images.push(reference.familiar_name, reference.tag, auth), quiet)
    if quiet:
        render.line(reference.canonical)


async def _login(cli: Cli, options: Options, arguments: list[str]) -> None:
    domain = domain_of(arguments[0]) if arguments else HUB
    auth = await asyncio.to_thread(_ask, options, domain)
    async with cli.connect() as client:
        answer = await client.images.login(auth)
    if answer.identity_token:
        auth = AuthConfig(username=auth.username, identitytoken=answer.identity_token)
    path = await asyncio.to_thread(Credentials().store, domain, auth)
    if path is not None:
        print(f"WARNING! Your credentials are stored unencrypted in '{path}'.", file=sys.stderr)
        print("Configure a credential helper to remove this warning.", file=sys.stderr)
    render.line(answer.status)


def _ask(options: Options, domain: str) -> AuthConfig:
    """Return the credentials that were given, are stored, or the user types; raises Failure."""
    user, password = options.text("username"), options.text("password")
    if options.flag("password-stdin"):
        if password:
            raise Failure("--password and --password-stdin are mutually exclusive")
        if not user:
            raise Failure("Must provide --username with --password-stdin")
        password = sys.stdin.read().rstrip("\r\n")
    elif password:
        print(
            "WARNING! Using --password via the CLI is insecure. Use --password-stdin.",
            file=sys.stderr,
        )
    if not user and not password:
        known = Credentials().find(domain)
        if not known.empty:
            render.line("Authenticating with existing credentials...")
            return known
    if not (user and password) and not terminal.is_terminal(terminal.STDIN):
        raise Failure("Error: Cannot perform an interactive login from a non TTY device")
    user = user or input("Username: ").strip()
    password = password or getpass.getpass("Password: ")
    if not user or not password:
        raise Failure("Error: username and password are required")
    return AuthConfig(username=user, password=password, serveraddress=credential_key(domain))


async def _logout(cli: Cli, options: Options, arguments: list[str]) -> None:
    domain = domain_of(arguments[0]) if arguments else HUB
    had = await asyncio.to_thread(Credentials().erase, domain)
    if had:
        render.line(f"Removing login credentials for {credential_key(domain)}")
    else:
        render.line(f"Not logged in to {credential_key(domain)}")


async def _serve(cli: Cli, options: Options, arguments: list[str]) -> None:
    from ...registry.server.run import Options as Served
    from ...registry.server.run import serving

    host, _, port = options.text("listen").rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise Failure(f"invalid address to listen on: {options.text('listen')}: want HOST:PORT")
    served = Served(
        directory=Path(arguments[0]) if arguments else None,
        host=host.strip("[]"),
        port=int(port),
        users=_path(options, "users"),
        certificate=_path(options, "tls-cert"),
        key=_path(options, "tls-key"),
        read_only=options.flag("read-only"),
    )
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with serving(served) as listening:
        where = arguments[0] if arguments else "memory"
        render.line(f"registry in {where} listens on {host}:{listening}")
        sys.stdout.flush()
        await ended.wait()


def _path(options: Options, name: str) -> Path | None:
    text = options.text(name)
    return Path(text) if text else None


async def _passwd(cli: Cli, options: Options, arguments: list[str]) -> None:
    from ...registry.server.users import write

    if options.flag("password-stdin"):
        password = sys.stdin.read().rstrip("\r\n")
    elif terminal.is_terminal(terminal.STDIN):
        password = getpass.getpass("Password: ")
    else:
        raise Failure("no terminal to ask for a password on: use --password-stdin")
    write(Path(arguments[0]), arguments[1], password)


async def _collect(cli: Cli, options: Options, arguments: list[str]) -> None:
    from ...registry.server.collect import GRACE_SECONDS, collect
    from ...registry.server.storage import Storage
    from ...units import human_size

    path = Path(arguments[0])
    if not (path / "repositories").is_dir():
        raise NotFound(f"no registry in {path}")
    grace = 0.0 if options.flag("all") else GRACE_SECONDS
    found = await asyncio.to_thread(collect, Storage(path), options.flag("untagged"), grace)
    render.line(f"Removed: {found.manifests} manifests, {found.blobs} blobs")
    render.line(f"Total reclaimed space: {human_size(found.bytes)}")


PUSH = Command(
    "push",
    "NAME[:TAG]",
    "Upload an image to a registry",
    _push,
    (
        Flag("all-tags", "Push all tags of an image to the repository", short="a"),
        Flag("quiet", "Suppress verbose output", short="q"),
    ),
    least=1,
    most=1,
)
LOGIN = Command(
    "login",
    "[SERVER]",
    "Authenticate to a registry",
    _login,
    (
        Flag("password", "Password", "string", "p"),
        Flag("password-stdin", "Take the password from stdin"),
        Flag("username", "Username", "string", "u"),
    ),
    most=1,
)
LOGOUT = Command("logout", "[SERVER]", "Log out from a registry", _logout, most=1)
SERVE = Command(
    "registry serve",
    "[DIRECTORY]",
    "Serve a registry from a directory, or from memory until it ends",
    _serve,
    (
        Flag("listen", "Address to listen on", "string", "l", "127.0.0.1:5000"),
        Flag("read-only", "Refuse pushes and deletions"),
        Flag("tls-cert", "Serve TLS with this certificate (PEM)", "string"),
        Flag("tls-key", "The certificate's key (PEM)", "string"),
        Flag("users", "Let in only the users of this file (see 'registry passwd')", "string"),
    ),
    most=1,
)
PASSWD = Command(
    "registry passwd",
    "FILE USER",
    "Set the password of a registry's user",
    _passwd,
    (Flag("password-stdin", "Take the password from stdin"),),
    least=2,
    most=2,
)
COLLECT = Command(
    "registry collect",
    "DIRECTORY",
    "Free what no manifest of a registry needs, while it serves",
    _collect,
    (
        Flag("all", "Also what is younger than an hour: only while nobody pushes", short="a"),
        Flag("untagged", "Also manifests that no tag leads to"),
    ),
    least=1,
    most=1,
)
