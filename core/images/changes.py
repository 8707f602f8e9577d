"""`--change` of import and commit: Dockerfile instructions that touch only a configuration.

https://docs.docker.com/reference/cli/docker/image/import/
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Sequence

import msgspec

from ..errors import Invalid
from ..schema.oci import RuntimeConfig

_PORT = re.compile(r"(\d+)(?:-(\d+))?(?:/(tcp|udp|sctp))?", re.IGNORECASE)
_DEFAULT_SHELL = ["/bin/sh", "-c"]


def apply_changes(config: RuntimeConfig, changes: Sequence[str]) -> RuntimeConfig:
    """Apply instructions in order; raises Invalid for others than these."""
    for change in changes:
        word, _, rest = change.strip().partition(" ")
        instruction = _INSTRUCTIONS.get(word.upper())
        if instruction is None:
            raise Invalid(f"{word.upper() or 'an empty line'} is not a valid change command")
        if not rest.strip():
            raise Invalid(f"{word.upper()} requires at least one argument")
        config = instruction(config, rest.strip())
    return config


def _json_form(text: str) -> list[str] | None:
    if not text.startswith("["):
        return None
    try:
        words = json.loads(text)
    except ValueError:
        return None
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None


def _command(config: RuntimeConfig, text: str) -> list[str]:
    words = _json_form(text)
    return words if words is not None else [*(config.shell or _DEFAULT_SHELL), text]


def _cmd(config: RuntimeConfig, text: str) -> RuntimeConfig:
    return msgspec.structs.replace(config, cmd=_command(config, text))


def _entrypoint(config: RuntimeConfig, text: str) -> RuntimeConfig:
    return msgspec.structs.replace(config, entrypoint=_command(config, text))


def _pairs(text: str, what: str) -> dict[str, str]:
    """Read `key=value key2="value 2"`, or the old `key value`."""
    try:
        words = shlex.split(text)
    except ValueError as err:
        raise Invalid(f"{what}: {err}") from err
    if words and "=" not in words[0]:
        key, _, value = text.partition(" ")
        if not value.strip():
            raise Invalid(f"{what} must have two arguments")
        return {key: value.strip()}
    pairs = [word.partition("=") for word in words]
    for word, (key, equals, _) in zip(words, pairs, strict=True):
        if not equals or not key:
            raise Invalid(f"syntax error - can't find = in {word!r}: must be of the form: name=value")
    return {key: value for key, _, value in pairs}


def _env(config: RuntimeConfig, text: str) -> RuntimeConfig:
    new = _pairs(text, "ENV")
    kept = [item for item in config.env or () if item.partition("=")[0] not in new]
    return msgspec.structs.replace(config, env=[*kept, *(f"{key}={value}" for key, value in new.items())])


def _label(config: RuntimeConfig, text: str) -> RuntimeConfig:
    return msgspec.structs.replace(config, labels={**(config.labels or {}), **_pairs(text, "LABEL")})


def _expose(config: RuntimeConfig, text: str) -> RuntimeConfig:
    ports = dict(config.exposed_ports or {})
    for word in text.split():
        match = _PORT.fullmatch(word)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not match or not 0 < first <= last < 65536:
            raise Invalid(f"invalid port: {word}")
        for port in range(first, last + 1):
            ports[f"{port}/{(match[3] or 'tcp').lower()}"] = {}
    return msgspec.structs.replace(config, exposed_ports=ports)


def _volume(config: RuntimeConfig, text: str) -> RuntimeConfig:
    paths = _json_form(text) or text.split()
    return msgspec.structs.replace(config, volumes={**(config.volumes or {}), **{path: {} for path in paths}})


def _workdir(config: RuntimeConfig, text: str) -> RuntimeConfig:
    path = text if text.startswith("/") else f"{config.working_dir.rstrip('/')}/{text}"
    return msgspec.structs.replace(config, working_dir=path)


def _onbuild(config: RuntimeConfig, text: str) -> RuntimeConfig:
    trigger = text.partition(" ")[0].upper()
    if trigger in ("ONBUILD", "FROM", "MAINTAINER"):
        raise Invalid(f"{trigger} isn't allowed as an ONBUILD trigger")
    return msgspec.structs.replace(config, on_build=[*(config.on_build or ()), text])


def _user(config: RuntimeConfig, text: str) -> RuntimeConfig:
    return msgspec.structs.replace(config, user=text)


def _stop_signal(config: RuntimeConfig, text: str) -> RuntimeConfig:
    return msgspec.structs.replace(config, stop_signal=text)


_INSTRUCTIONS: dict[str, Callable[[RuntimeConfig, str], RuntimeConfig]] = {
    "CMD": _cmd,
    "ENTRYPOINT": _entrypoint,
    "ENV": _env,
    "EXPOSE": _expose,
    "LABEL": _label,
    "ONBUILD": _onbuild,
    "STOPSIGNAL": _stop_signal,
    "USER": _user,
    "VOLUME": _volume,
    "WORKDIR": _workdir,
}
