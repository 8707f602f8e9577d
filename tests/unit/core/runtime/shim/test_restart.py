"""Docker's restart policy and back-off."""

from __future__ import annotations

import pytest

from pydock.core.runtime.records import Restart
from pydock.core.runtime.shim.restart import Restarts


@pytest.mark.parametrize(
    ("policy", "code", "stopped", "again"),
    [
        (Restart("no"), 1, False, False),
        (Restart("always"), 0, False, True),
        (Restart("always"), 0, True, True),
        (Restart("unless-stopped"), 0, False, True),
        (Restart("unless-stopped"), 0, True, False),
        (Restart("on-failure"), 0, False, False),
        (Restart("on-failure"), 1, False, True),
        (Restart("on-failure", 3), 1, False, True),
    ],
)
def test_policies(policy: Restart, code: int, stopped: bool, again: bool) -> None:
    state = Restarts(policy)
    if stopped:
        state = state.stopped(ending=False)
    assert (state.exited(code, 1.0) is not None) is again


def test_a_stop_ends_every_policy() -> None:
    for name in ("always", "unless-stopped", "on-failure"):
        assert Restarts(Restart(name)).stopped(ending=True).exited(1, 1.0) is None  # type: ignore[arg-type]


def test_on_failure_counts() -> None:
    state = Restarts(Restart("on-failure", 2))
    for count in (1, 2):
        following = state.exited(1, 0.1)
        assert following is not None
        assert following.count == count
        state = following
    assert state.exited(1, 0.1) is None


def test_the_delay_doubles_to_a_minute_and_starts_anew_after_ten_seconds() -> None:
    state, delays = Restarts(Restart("always")), []
    for _ in range(12):
        following = state.exited(0, 0.5)
        assert following is not None
        state = following
        delays.append(state.delay_s)
    assert delays[:5] == [0.1, 0.2, 0.4, 0.8, 1.6]
    assert delays[-2:] == [60.0, 60.0]
    steady = state.exited(0, 10.0)
    assert steady is not None
    assert steady.delay_s == 0.1
