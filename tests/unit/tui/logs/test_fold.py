from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pydock.tui.logs.filter import Filter
from pydock.tui.logs.fold import Folding, FoldView
from pydock.tui.logs.model import LogModel
from pydock.tui.logs.store import LogStore
from pydock.tui.logs.view import LineView

PYTHON = b"""\
ERROR request failed
Traceback (most recent call last):
  File "/app/main.py", line 12, in <module>
    serve()
    ~~~~~^^
  File "/app/main.py", line 7, in serve
    raise ValueError("no")
ValueError: no
INFO next
"""
JAVA = b"""\
java.lang.IllegalStateException: outer
\tat com.shop.Cart.add(Cart.java:41)
\tat com.shop.Main.main(Main.java:7)
Caused by: java.io.IOException: inner
\tat com.shop.Disk.read(Disk.java:9)
\t... 12 more
next
"""
GO = b"""\
panic: runtime error: index out of range
goroutine 1 [running]:
main.(*Cart).add(0xc000010000, 0x5)
\t/src/cart.go:12 +0x1d
main.main()
\t/src/main.go:7 +0x2a
exit status 2
"""


def read(data: bytes, **limits: int) -> LogStore:
    store = LogStore(**limits)
    store.feed(1, data)
    return store


def folds(store: LogStore, folding: Folding = "traces", slice: int = 20_000) -> FoldView:
    view = FoldView(LineView(store), folding)
    while view.update(slice):
        pass
    return view


def texts(view: FoldView) -> list[str]:
    return [view.lines.line(view.at(at)).text.decode() for at in range(len(view))]


def test_repeats_fold_under_the_first() -> None:
    view = folds(read(b"a\nb\nb\nb\na\n"))
    assert texts(view) == ["a", "b", "a"]
    assert [view.folded(view.at(at)) for at in range(3)] == [0, 2, 0]


def test_python_trace_keeps_head_and_error() -> None:
    assert texts(folds(read(PYTHON))) == [
        "ERROR request failed",
        "Traceback (most recent call last):",
        "ValueError: no",
        "INFO next",
    ]


def test_java_trace_folds_with_its_causes() -> None:
    assert texts(folds(read(JAVA))) == ["java.lang.IllegalStateException: outer", "next"]


def test_go_trace_folds_under_its_goroutine() -> None:
    assert texts(folds(read(GO))) == [
        "panic: runtime error: index out of range",
        "goroutine 1 [running]:",
        "exit status 2",
    ]


def test_traces_stay_open_while_only_repeats_fold() -> None:
    assert len(folds(read(PYTHON), "repeats")) == PYTHON.count(b"\n")


def test_lines_of_ours_never_fold() -> None:
    store = read(b"a\n")
    store.note("a")
    store.note("a")
    assert len(folds(store)) == 3


def test_unfolding_shows_a_group() -> None:
    store = read(b"a\na\nb\nb\n")
    view = folds(store)
    view.unfold(3)
    assert texts(view) == ["a", "b", "b"]
    assert not view.hides(3)
    assert view.hides(1)


def test_what_a_fold_hung_under_may_be_dropped() -> None:
    store = read(b"a\n" * 300, max_lines=100)
    view = folds(store)
    for _ in range(500):
        store.feed(1, b"a\n" * 200)
        view.update()
    assert texts(view) == ["a"]


@given(
    st.lists(st.sampled_from([b"a", b"b", b"  at x", b"Caused by: y", b'  File "f", line 1', b"    code"])),
    st.integers(0, 30),
    st.integers(1, 7),
    st.booleans(),
)
def test_the_way_lines_come_makes_no_difference(
    lines: list[bytes], split: int, slice: int, filtered: bool
) -> None:
    """History in slices, new lines, older ones put in front: as if all had been there at once."""
    filters = (Filter("!", inverse=True), Filter("b", inverse=True)) if filtered else ()
    whole = LogStore()
    whole.feed(1, b"".join(line + b"\n" for line in lines))
    expected = FoldView(LineView(whole, *filters), "traces")
    while expected.update():
        pass

    store = LogStore()
    late = lines[split:]
    view = FoldView(LineView(store, *filters), "traces")
    for line in late[len(late) // 2 :]:
        store.feed(1, line + b"\n")
        view.update(slice)
    store.prepend([(1, 0, line) for line in late[: len(late) // 2]])
    while view.update(slice):
        pass
    store.prepend([(1, 0, line) for line in lines[:split]])
    while view.update(slice):
        pass
    assert texts(view) == texts(expected)
    for at in range(len(view)):
        assert view.index(view.at(at)) == at
        assert view.folded(view.at(at)) == expected.folded(expected.at(at))


def test_nothing_is_lost_on_copy_and_save() -> None:
    """dozzle#4770: what was folded was not copied."""
    model = LogModel([read(PYTHON)])
    model.next_folding()
    model.update()
    model.resize(60, 20)
    assert len(model.rows()) == 4
    assert model.selected_text() == PYTHON.decode()
    assert model.saved_text() == PYTHON.decode()
    model.selection = (1, 1)
    assert model.selected_text().count("\n") == 6


def test_search_opens_the_fold_it_finds_something_in() -> None:
    model = LogModel([read(JAVA)])
    model.next_folding()
    model.update()
    model.resize(60, 20)
    model.set_search(Filter("disk.read"))
    model.update()
    assert model.find(forward=False)
    assert len(model.rows()) == 7


def test_counts_stand_behind_the_line() -> None:
    store = read(b"a\na\nhead\n  at x\n")
    model = LogModel([store])
    model.next_folding()
    model.resize(40, 10)
    model.update()
    shown = ["".join(text for text, _ in model.row(row)) for row in model.rows()]
    assert shown == ["a × 2", "head ▸ 1 more"]
    store.feed(1, b"  at y\n")
    model.update()
    assert "".join(text for text, _ in model.row(model.rows()[1])) == "head ▸ 2 more"
