"""Container identities: 64 hexadecimal digits, and names of Docker's form."""

from __future__ import annotations

import os
import re
import secrets
from typing import NewType

ContainerId = NewType("ContainerId", str)

NAME_FORM = "[a-zA-Z0-9][a-zA-Z0-9_.-]"
_NAME = re.compile(NAME_FORM + "+")

_MOODS = (
    "able amber ample brave brisk calm candid civil clear clever crisp deft eager early easy fair fleet fond "
    "frank fresh gentle glad grand handy happy hardy honest humble jolly keen kind lively loyal lucid lucky "
    "mellow merry mild modest neat nimble noble patient placid plain plucky polite proud quick quiet rapid "
    "ready rustic sage serene sharp shy silent simple sleek smart snug sober solid sound spry stable steady "
    "still stout sturdy sunny sure swift tidy tranquil true trusty upbeat vivid warm wise witty zesty"
).split()
_THINGS = (
    "anchor barge bay beacon berth boom bow bridge brig buoy cable canal capstan cargo chart clipper coast "
    "compass cove crane cutter davit deck derrick dinghy dock dory ferry fjord galley gantry gull gunwale "
    "halyard harbor hatch hawser helm hull jetty jib keel ketch knot lagoon lantern lighter lock lugger mast "
    "mole mooring oar pennant pier pilot pontoon port prow quay raft reef rigging rudder sail schooner "
    "sextant sheet shoal skiff slip sloop sounding spar spinnaker stern strait tender tide tiller trawler "
    "tug wake warp wharf winch yawl"
).split()


def new_id() -> ContainerId:
    """Return a new random id; never all digits in its short form, so that it can't pass for a number."""
    while True:
        text = os.urandom(32).hex()
        if not text[:12].isdigit():
            return ContainerId(text)


def short(identity: str) -> str:
    """Return the twelve digits that lists show, without a `sha256:` prefix."""
    return identity.removeprefix("sha256:")[:12]


def valid_name(name: str) -> bool:
    """Tell whether `name` (without the leading slash) may be a container's or volume's name."""
    return _NAME.fullmatch(name) is not None


def random_name() -> str:
    """Return a name that a person can say: `calm_harbor`."""
    return f"{secrets.choice(_MOODS)}_{secrets.choice(_THINGS)}"
