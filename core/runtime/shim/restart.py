"""Docker's restart policy: whether and when a container starts again; pure (moby: restartmanager)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..records import Restart

FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 60.0
STEADY_S = 10.0


@dataclass(frozen=True, slots=True)
class Restarts:
    """Where a container stands: how often it was started again, and the last delay (0 for none)."""

    policy: Restart
    count: int = 0
    delay_s: float = 0.0
    stopped_by_user: bool = False
    ending: bool = False

    def stopped(self, ending: bool) -> Restarts:
        """A user stopped or killed it; `ending` forbids the restart at the next exit whatever the policy."""
        return replace(self, stopped_by_user=True, ending=self.ending or ending)

    def exited(self, code: int, ran_s: float) -> Restarts | None:
        """Give the state with the delay before the next start, or None when it stays down."""
        if self.ending or not self._wanted(code):
            return None
        previous = 0.0 if ran_s >= STEADY_S else self.delay_s
        delay = min(previous * 2, LONGEST_DELAY_S) if previous else FIRST_DELAY_S
        return replace(self, count=self.count + 1, delay_s=delay)

    def _wanted(self, code: int) -> bool:
        match self.policy.name:
            case "always":
                return True
            case "unless-stopped":
                return not self.stopped_by_user
            case "on-failure":
                within = not self.policy.max_retries or self.count < self.policy.max_retries
                return code != 0 and within
            case "no":
                return False
