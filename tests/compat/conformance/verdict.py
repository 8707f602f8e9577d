"""What a judge said of one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["pass", "fail", "skip", "other"]


@dataclass(frozen=True)
class Verdict:
    """`other` is a difference that is meant; `why` says what differs, or what is missing."""

    judge: str
    name: str
    outcome: Outcome
    why: str = ""
