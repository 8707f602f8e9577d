"""What systemd hands to a service and hears from it (sd_listen_fds(3), sd_notify(3))."""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping

from ..errors import Invalid

_FIRST = 3
_MOST = 64


def handed_sockets(environment: MutableMapping[str, str]) -> list[socket.socket]:
    """Take over the listening sockets that this process was started with; the caller owns them.

    The variables are removed, so that no child takes them for its own. Raises Invalid for what is no socket.
    """
    owner, count = environment.pop("LISTEN_PID", ""), environment.pop("LISTEN_FDS", "0")
    environment.pop("LISTEN_FDNAMES", None)
    if owner != str(os.getpid()) or not count.isdecimal() or int(count) > _MOST:
        return []
    found: list[socket.socket] = []
    for descriptor in range(_FIRST, _FIRST + int(count)):
        os.set_inheritable(descriptor, False)
        try:
            found.append(socket.socket(fileno=descriptor))
        except OSError as err:
            raise Invalid(f"descriptor {descriptor} that was handed over is no socket") from err
    return found


def notify(message: str, environment: MutableMapping[str, str]) -> None:
    """Tell systemd of a change of state, where it wants to hear of it."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        try:
            sender.sendto(message.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError:
            # Nobody listens any more: it is no reason not to serve.
            pass
