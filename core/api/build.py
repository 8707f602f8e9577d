"""Building: what answers until it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Unsupported
from ..schema.message import Response
from . import respond
from .call import Call

if TYPE_CHECKING:
    from ..engine import Engine


async def build(engine: Engine, call: Call) -> Response:
    raise Unsupported("building images is not built yet")


async def prune(engine: Engine, call: Call) -> Response:
    """There is no build cache, so all of it is gone."""
    return respond.json({"CachesDeleted": None, "SpaceReclaimed": 0})
