from __future__ import annotations

from pydock.core.schema.containers import ContainerSummary
from pydock.core.schema.events import Actor, Event
from pydock.core.schema.images import ImageSummary
from pydock.core.schema.stats import CpuStats, CpuUsage, Stats
from pydock.tui.picture import EVENTS_KEPT, MOST_IDS, Changed, Picture, Wants


def container(id: str, **fields: object) -> ContainerSummary:
    return ContainerSummary(id=id, names=[f"/{id}"], state="running", **fields)  # type: ignore[arg-type]


def event(type: str, action: str, id: str = "a", **attributes: str) -> Event:
    return Event(type=type, action=action, actor=Actor(id=id, attributes=attributes))


def test_replacing_a_list_tells_only_what_differs() -> None:
    picture = Picture()
    assert picture.replace_containers([container("a"), container("b")], 0) == Changed("container", ("a", "b"))
    change = picture.replace_containers([container("a"), container("c")], 1)
    assert change == Changed("container", ("c",), ("b",))
    assert not picture.replace_containers([container("a"), container("c")], 2)


def test_asked_for_and_not_answered_is_gone() -> None:
    picture = Picture()
    picture.replace_containers([container("a"), container("b")], 0)
    change = picture.merge_containers(["a", "x"], [], 1)
    assert change == Changed("container", (), ("a",))
    assert list(picture.containers) == ["b"]


def test_exec_health_checks_make_nothing_stale() -> None:
    wants = Wants()
    for action in ("exec_create: sh", "exec_start: sh", "exec_die", "top", "attach"):
        wants.note(event("container", action))
    assert not wants


def test_events_ask_for_single_containers_and_whole_other_lists() -> None:
    wants = Wants()
    wants.note(event("container", "health_status: healthy", "a"))
    wants.note(event("image", "tag", "i"))
    wants.note(event("network", "connect", "n", container="b"))
    taken = wants.take()
    assert (taken.containers, taken.whole) == ({"a", "b"}, {"image", "network"})
    assert not wants


def test_many_single_questions_become_one_list() -> None:
    wants = Wants()
    for number in range(MOST_IDS + 1):
        wants.note(event("container", "start", f"c{number}"))
    taken = wants.take()
    assert (taken.containers, taken.whole) == (set(), {"container"})


def test_samples_of_unknown_containers_are_dropped() -> None:
    picture = Picture()
    picture.replace_containers([container("a")], 0)
    stats = Stats(cpu_stats=CpuStats(cpu_usage=CpuUsage(total_usage=5)))
    assert picture.add_stats({"a": stats, "gone": stats}, 1.0).ids == ("a",)
    assert "gone" not in picture.history


def test_a_stopped_container_loses_its_history() -> None:
    picture = Picture()
    picture.replace_containers([container("a")], 0)
    picture.add_stats({"a": Stats()}, 1.0)
    picture.replace_containers([ContainerSummary(id="a", state="exited")], 2)
    assert "a" not in picture.history


def test_events_are_bounded() -> None:
    picture = Picture()
    for number in range(EVENTS_KEPT + 10):
        picture.add_event(event("container", "start", f"c{number}"))
    assert len(picture.events) == EVENTS_KEPT
    assert picture.events[-1].actor.id == f"c{EVENTS_KEPT + 9}"


def test_counts() -> None:
    picture = Picture()
    records = [
        container("a", image_id="i"),
        container("b", image_id="i"),
        ContainerSummary(id="c", state="exited"),
    ]
    picture.replace_containers(records, 0)
    picture.replace_images([ImageSummary(id="i")])
    assert picture.used_by()[0]["i"] == 2
    assert picture.totals() == (2, 0, 1)
