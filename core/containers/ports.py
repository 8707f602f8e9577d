"""Ports as Docker writes them: "80/tcp", host ports and ranges."""

from __future__ import annotations

from ..errors import Invalid

PROTOCOLS = ("tcp", "udp", "sctp")
_LARGEST = 65535


def normalize(port: str) -> str:
    """Return "80/tcp" for "80", "80/TCP"; raises Invalid."""
    number, protocol = split(port)
    return f"{number}/{protocol}"


def split(port: str) -> tuple[int, str]:
    """Return the number and protocol of "80/udp" or "80"; raises Invalid."""
    number, slash, protocol = port.partition("/")
    protocol = protocol.lower() if slash else "tcp"
    if not number.isdecimal() or not 0 < int(number) <= _LARGEST:
        raise Invalid(f"invalid port specification: '{port}'")
    if protocol not in PROTOCOLS:
        raise Invalid(f"invalid protocol: {protocol}")
    return int(number), protocol


def check_host_port(text: str) -> None:
    """Raise Invalid when a host port is not empty, a number or a range."""
    if not text:
        return
    first, dash, last = text.partition("-")
    numbers = (first, last) if dash else (first,)
    if not all(number.isdecimal() and int(number) <= _LARGEST for number in numbers):
        raise Invalid(f"invalid port specification: '{text}'")
    if dash and int(last) < int(first):
        raise Invalid(f"invalid port specification: '{text}'")


def in_range(port: str, wanted: str) -> bool:
    """Tell whether "8080/tcp" lies in a filter's "8080", "8000-8090/tcp"."""
    number, protocol = split(port)
    span, slash, asked = wanted.partition("/")
    if slash and asked.lower() != protocol:
        return False
    if not slash and protocol != "tcp":
        return False
    first, dash, last = span.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise Invalid(f"invalid port specification: '{wanted}'")
    return int(first) <= number <= int(last if dash else first)
