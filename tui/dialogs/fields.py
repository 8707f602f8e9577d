"""What was typed into a form to what the API wants; pure.

The words are those of `docker run`: `8080:80`, `127.0.0.1:53:53/udp`, `KEY=value`, `/data:/var/lib/x:ro`.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydock.core.errors import Invalid

if TYPE_CHECKING:
    from pydock.core.schema.containers import CreateRequest, PortBinding

    from .form import Values

NETWORKS = ("bridge", "host", "none")


def words(text: str | bool) -> list[str]:
    """Split at blanks and commas, quotes kept together; raises Invalid on an open quote."""
    try:
        lexer = shlex.shlex(str(text), posix=True, punctuation_chars="")
        lexer.whitespace += ","
        lexer.whitespace_split = True
        lexer.commenters = ""
        return list(lexer)
    except ValueError as error:
        raise Invalid(f"{error}: {text}".lower()) from error


def command(text: str | bool) -> list[str]:
    """A command line as a shell splits it; raises Invalid on an open quote."""
    try:
        return shlex.split(str(text))
    except ValueError as error:
        raise Invalid(f"{error}: {text}".lower()) from error


def ports(specs: Sequence[str]) -> dict[str, list[PortBinding] | None]:
    """`[address:][host port:]port[/protocol]` to the API's map; raises Invalid."""
    from pydock.core.schema.containers import PortBinding

    result: dict[str, list[PortBinding] | None] = {}
    for spec in specs:
        rest, _, protocol = spec.partition("/")
        address, host, port = _split_port(rest)
        if (
            not _is_port(port)
            or (host and not _is_port(host))
            or (protocol or "tcp") not in ("tcp", "udp", "sctp")
        ):
            raise Invalid(f"not a port: {spec}: write 8080:80, 127.0.0.1:8080:80 or 53:53/udp")
        bindings = result.setdefault(f"{port}/{protocol or 'tcp'}", [])
        assert bindings is not None
        bindings.append(PortBinding(host_ip=address, host_port=host))
    return result


def _split_port(text: str) -> tuple[str, str, str]:
    before, _, port = text.rpartition(":")
    if not before:
        return "", "", port
    address, colon, host = before.rpartition(":")
    if not colon:
        return "", before, port
    bracketed = address.startswith("[") and address.endswith("]")
    if ":" in address and not bracketed:
        return "", "", ""
    return address.strip("[]"), host, port


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) < 65536


def create_request(values: Values) -> CreateRequest:
    """The request that the run form asks for; raises Invalid with what is wrong."""
    from pydock.core.schema.containers import CreateRequest, HostConfig

    if not values["image"]:
        raise Invalid("which image?")
    published = ports(words(values["ports"]))
    tty = bool(values["tty"])
    network = str(values.get("network") or "")
    host = HostConfig(
        port_bindings=published,
        binds=command(values["volumes"]) or None,
        auto_remove=bool(values["remove"]),
        network_mode=network or "default",
    )
    return CreateRequest(
        image=str(values["image"]),
        cmd=command(values["command"]) or None,
        env=command(values["env"]) or None,
        tty=tty,
        open_stdin=tty,
        exposed_ports={port: {} for port in published} or None,
        host_config=host,
    )


def refusal(values: Values) -> str:
    """What is wrong with the run form's values, or nothing."""
    try:
        create_request(values)
    except Invalid as error:
        return error.message
    return ""
