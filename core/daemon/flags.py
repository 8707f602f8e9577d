"""The flags of `pydockd`: dockerd's names, each the same setting as in daemon.json."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from . import settings

# A flag that may be given several times, and the key of its list in daemon.json.
_LISTS = {
    "host": "hosts",
    "log_opt": "log-opts",
    "default_address_pool": "default-address-pools",
}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        "pydockd", description="The pydock engine as a daemon: the Docker Engine API on sockets.",
        allow_abbrev=False, argument_default=argparse.SUPPRESS,
    )  # fmt: skip
    made.add_argument(
        "-H", "--host", action="append", help="address to listen on: unix:///PATH, tcp://HOST:PORT, fd://"
    )
    made.add_argument("-G", "--group", help="group of the unix socket (default docker)")
    made.add_argument("-D", "--debug", action="store_true", help="log all that is known")
    made.add_argument("-l", "--log-level", choices=settings.LEVELS, help="what is logged (default info)")
    made.add_argument("-p", "--pidfile", help="file for the process id")
    made.add_argument("--config-file", type=Path, help=f"daemon.json (default {settings.DEFAULT_FILE})")
    made.add_argument("--validate", action="store_true", help="check the settings and end")
    made.add_argument("--data-root", help="directory of the state (default /var/lib/pydock)")
    made.add_argument("--exec-root", help="directory of what a reboot takes away (default /run/pydock)")
    made.add_argument("-s", "--storage-driver", help="how layers are stacked: overlay2 or vfs")
    made.add_argument("--log-driver", help="default log driver of containers (default json-file)")
    made.add_argument("--log-opt", action="append", metavar="KEY=VALUE", help="option of the log driver")
    made.add_argument("--default-address-pool", action="append", metavar="base=CIDR,size=N",
                      help="where subnets are cut from")  # fmt: skip
    made.add_argument("--shutdown-timeout", type=int, help="seconds for what runs when the daemon stops")
    made.add_argument("--tls", **_truth, help="TLS on TCP; --tls=false allows TCP without it")
    made.add_argument("--tlsverify", **_truth, help="TLS that asks clients for a certificate")
    for name, help in (
        ("--tlscacert", "authority that clients' certificates come from"),
        ("--tlscert", "the server's certificate"),
        ("--tlskey", "the server's key"),
    ):
        made.add_argument(name, help=help)
    return made


def _boolean(text: str) -> bool:
    match text.lower():
        case "1" | "t" | "true":
            return True
        case "0" | "f" | "false":
            return False
    raise argparse.ArgumentTypeError(f"invalid boolean: {text}")


# A boolean flag by itself is true; "=false" is the only other way to say it, as with dockerd.
_truth: dict[str, Any] = {"type": _boolean, "nargs": "?", "const": True, "metavar": "BOOL"}


def values(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the flags say under the names of daemon.json."""
    found: dict[str, Any] = {}
    for name, value in vars(options).items():
        if name in ("config_file", "validate"):
            continue
        if name == "log_opt":
            value = dict(item.partition("=")[::2] for item in value)
        elif name == "default_address_pool":
            value = [_pool(item) for item in value]
        found[_LISTS.get(name, name.replace("_", "-"))] = value
    return found


def _pool(text: str) -> dict[str, object]:
    parts = dict(part.partition("=")[::2] for part in text.split(","))
    size = parts.get("size", "")
    return {**parts, "size": int(size) if size.isdecimal() else size}
