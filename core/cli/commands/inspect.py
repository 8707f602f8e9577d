"""`inspect`, of anything or of one kind of object."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable

from ...client import Client
from ...errors import NotFound, PydockError
from ...schema import wire
from ...schema.containers import ContainerInspect
from ...schema.images import ImageInspect
from ...schema.networks import NetworkInspect
from ...schema.volumes import Volume
from .. import render
from ..command import Cli, Command
from ..execute import describe
from ..failure import Failure
from ..flags import Flag, Options

Fetch = Callable[[Client, str, bool], Awaitable[bytes]]
_KINDS: dict[str, tuple[Fetch, type]] = {
    "container": (lambda client, name, size: client.containers.inspect_raw(name, size), ContainerInspect),
    "image": (lambda client, name, size: client.images.inspect_raw(name), ImageInspect),
    "network": (lambda client, name, size: client.networks.inspect_raw(name), NetworkInspect),
    "volume": (lambda client, name, size: client.volumes.inspect_raw(name), Volume),
}


async def _inspect(cli: Cli, options: Options, arguments: list[str], kind: str = "") -> int:
    kind = kind or options.text("type")
    if options.given("type") and kind not in _KINDS:
        raise Failure(f'unknown type: "{kind}": must be one of "container", "image", "network", "volume"')
    show = _shower(options.text("format"))
    found: list[tuple[bytes, type]] = []
    errors: list[str] = []
    async with cli.connect() as client:
        for name in arguments:
            try:
                found.append(
                    await _find(client, name, [kind] if kind else list(_KINDS), options.flag("size"))
                )
            except PydockError as err:
                missing = isinstance(err, NotFound) and not kind
                errors.append(f"Error: No such object: {name}" if missing else describe(err))
    show(found)
    if errors:
        sys.stdout.flush()
        raise Failure("\n".join(errors))
    return 0


async def _find(client: Client, name: str, kinds: list[str], size: bool) -> tuple[bytes, type]:
    """Return the first object of this name; raises what the last kind says."""
    for kind in kinds[:-1]:
        fetch, record = _KINDS[kind]
        try:
            return await fetch(client, name, size), record
        except NotFound:
            continue
    fetch, record = _KINDS[kinds[-1]]
    return await fetch(client, name, size), record


def _shower(format: str) -> Callable[[list[tuple[bytes, type]]], None]:
    if format in ("", "json"):
        return _show_json if not format else _show_compact
    compiled = template_of(format)

    def show(found: list[tuple[bytes, type]]) -> None:
        for data, record in found:
            render.line(compiled(data, record))

    return show


def template_of(format: str) -> Callable[[bytes, type], str]:
    """Compile a template for objects: over the record, or over the JSON where the record lacks the field."""
    from ...errors import Invalid
    from ..template import Template

    try:
        template = Template(format.replace("\\t", "\t").replace("\\n", "\n"))
    except Invalid as err:
        raise Failure(f"template parsing error: {err}") from None

    def run(data: bytes, record: type) -> str:
        try:
            return template.render(wire.decode(data, record))
        except Invalid:
            pass
        try:
            return template.render(json.loads(data))
        except Invalid as err:
            raise Failure(f"template parsing error: {err}") from None

    return run


def _show_json(found: list[tuple[bytes, type]]) -> None:
    objects = [json.loads(data) for data, _ in found]
    render.line(json.dumps(objects, indent=4, ensure_ascii=False))


def _show_compact(found: list[tuple[bytes, type]]) -> None:
    objects = [json.loads(data) for data, _ in found]
    render.line(json.dumps(objects, separators=(",", ":"), ensure_ascii=False))


_FORMAT = Flag("format", "Format output using a custom template: 'json' or 'TEMPLATE' (Go)", "string", "f")
_SIZE = Flag("size", "Display total file sizes", short="s")


def _of(kind: str, arguments: str, help: str, *flags: Flag) -> Command:
    async def run(cli: Cli, options: Options, names: list[str]) -> int:
        return await _inspect(cli, options, names, kind)

    return Command("inspect", arguments, help, run, (_FORMAT, *flags), least=1)


ANY = Command(
    "inspect",
    "NAME|ID [NAME|ID...]",
    "Return low-level information on objects",
    _inspect,
    (
        _FORMAT,
        Flag("size", "Display total file sizes if the type is container", short="s"),
        Flag("type", "Only inspect objects of the given type", "string"),
    ),
    least=1,
)
CONTAINER = _of(
    "container", "CONTAINER [CONTAINER...]", "Display detailed information on one or more containers", _SIZE
)
IMAGE = _of("image", "IMAGE [IMAGE...]", "Display detailed information on one or more images")
NETWORK = _of(
    "network",
    "NETWORK [NETWORK...]",
    "Display detailed information on one or more networks",
    Flag("verbose", "Verbose output for diagnostics", short="v"),
)
VOLUME = _of("volume", "VOLUME [VOLUME...]", "Display detailed information on one or more volumes")
