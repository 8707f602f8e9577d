"""Which check a configuration asks for."""

from __future__ import annotations

import pytest

from pydock.core.containers.health import check
from pydock.core.runtime.records import HealthCheck
from pydock.core.schema.containers import ContainerConfig, HealthConfig

_S = 1_000_000_000


@pytest.mark.parametrize("test", [None, [], ["NONE"], ["CMD"]])
def test_no_check(test: list[str] | None) -> None:
    assert check(ContainerConfig(healthcheck=HealthConfig(test=test))) is None
    assert check(ContainerConfig()) is None


def test_what_is_not_said_is_as_in_docker() -> None:
    config = ContainerConfig(healthcheck=HealthConfig(test=["CMD", "check", "-q"]))
    assert check(config) == HealthCheck(("check", "-q"), 30 * _S, 30 * _S, 0, 5 * _S, 3)


def test_a_shell_form_runs_in_the_images_shell() -> None:
    health = HealthConfig(["CMD-SHELL", "a || b"], 1 * _S, 2 * _S, 3 * _S, 4 * _S, 5)
    assert check(ContainerConfig(healthcheck=health)) == HealthCheck(
        ("/bin/sh", "-c", "a || b"), 1 * _S, 2 * _S, 3 * _S, 4 * _S, 5
    )
    other = check(ContainerConfig(healthcheck=health, shell=["/bin/ash", "-ec"]))
    assert other is not None
    assert other.args == ("/bin/ash", "-ec", "a || b")
