from __future__ import annotations

from pathlib import Path

from pydock.core.files import atomic_write
from pydock.core.runtime.dns.names import Names, line


def write(path: Path, *lines: str) -> None:
    atomic_write(path, "".join(lines).encode())


def test_names_are_found_in_all_files_and_follow_their_changes(tmp_path: Path) -> None:
    back, front = tmp_path / "back", tmp_path / "front"
    names = Names([str(back), str(front)])
    assert names.addresses("web") is None
    write(back, line("web.back", ["10.0.0.2", "fd00::2"], ["Web", "w"]))
    write(front, line("web.front", ["10.1.0.2", ""], ["web"]))
    assert sorted(names.addresses("web") or ()) == ["10.0.0.2", "10.1.0.2", "fd00::2"]
    assert names.name("10.1.0.2") == "web.front"
    write(back)
    assert names.addresses("web") == ["10.1.0.2"]
    assert names.addresses("w") is None


def test_addresses_of_a_shared_name_come_first_in_turn(tmp_path: Path) -> None:
    file = tmp_path / "back"
    write(file, *(line(f"{number}.back", [f"10.0.0.{number}"], ["web"]) for number in (1, 2, 3)))
    names = Names([str(file)])
    firsts = [(names.addresses("web") or [""])[0] for _ in range(6)]
    assert sorted(firsts) == [f"10.0.0.{number}" for number in (1, 1, 2, 2, 3, 3)]


def test_names_that_break_a_line_are_left_out() -> None:
    assert line("a", ["10.0.0.1"], ["ok", "two words", "tab\tbed", "line\nend", "", "x" * 254]) == (
        "a\t10.0.0.1\tok\n"
    )


def test_damaged_lines_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "back"
    file.write_bytes(b"only one field\n\xff\xfe\n\nweb.back\t10.0.0.2\tweb\nhalf\t")
    assert Names([str(file)]).addresses("web") == ["10.0.0.2"]


def test_a_containers_own_words_stand_for_names(tmp_path: Path) -> None:
    file = tmp_path / "back"
    file.write_text(line("db.back", ["10.0.0.2"], ["db"]))
    names = Names([str(file)], {"Store": "DB", "lost": "nobody"})
    assert names.addresses("store") == ["10.0.0.2"]
    assert names.addresses("db") == ["10.0.0.2"]
    assert names.addresses("lost") is None
