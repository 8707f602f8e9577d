"""The lines around the panes: header (where, how much, how is the line), banner, footer (keys of now)."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from ..picture import Picture
from ..text import Glyphs

Part = tuple[str, str]


class Bar(Static):
    """A line of a fixed height: new content is painted only when it differs, and never makes a layout."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._said: Content | None = None

    def say(self, content: Content) -> None:
        """Show this."""
        if content != self._said or content.spans != self._said.spans:
            self._said = content
            self.update(content, layout=False)


class Header(Bar):
    """One line: the engine and its truth."""

    def __init__(self, glyphs: Glyphs, host: str) -> None:
        super().__init__("header")
        self._glyphs = glyphs
        self._host = host

    def show(self, picture: Picture) -> None:
        """Say what the picture says."""
        g, link = self._glyphs, picture.link
        left: list[Part] = [(" pydock ", "bold $pd-title"), (self._host, "bold $pd-text")]
        if picture.info is not None:
            left.append((f" {picture.info.server_version}", "$pd-dim"))
        running, paused, other = picture.totals()
        facts: list[list[Part]] = [[(f"{g.running} {running} ", "$pd-running"), ("running", "$pd-dim")]]
        if paused:
            facts.append([(f"{g.paused} {paused} ", "$pd-paused"), ("paused", "$pd-dim")])
        if other:
            facts.append([(f"{g.exited} {other} ", "$pd-exited"), ("stopped", "$pd-dim")])
        facts.append([(f"{len(picture.images)} ", "$pd-text"), ("images", "$pd-dim")])
        facts.append([(f"{len(picture.networks)} ", "$pd-text"), ("networks", "$pd-dim")])
        right: list[Part] = []
        match link.state:
            case "live":
                if picture.info is not None and picture.info.ncpu:
                    cores, memory = picture.info.ncpu, picture.info.mem_total / (1 << 30)
                    right = [(f"{cores} cpu {g.dot} {memory:.1f}G ", "$pd-dim")]
            case "connecting":
                right = [("connecting ", "$pd-warn")]
            case "lost":
                right = [(f"{g.warn} reconnecting ", "bold $pd-warn")]
            case "failed":
                right = [(f"{g.warn} no engine ", "bold $pd-error")]
        # Before the first answer there is nothing to count.
        self.say(_line(left, facts if picture.info is not None else [], right, self.app.size.width, g))


def _line(
    left: list[Part], facts: list[list[Part]], right: list[Part], width: int, glyphs: Glyphs
) -> Content:
    parts = list(left)
    used, end = _length(left), _length(right)
    for fact in facts:
        if used + 3 + _length(fact) + end + 1 > width:
            break
        parts += [(f" {glyphs.bar} ", "$pd-faint"), *fact]
        used += 3 + _length(fact)
    parts.append((" " * max(width - used - end, 1), ""))
    return Content.assemble(*parts, *right)


def _length(parts: list[Part]) -> int:
    return sum(len(text) for text, _ in parts)


class Banner(Static):
    """What can't work, why, and what to do: one line, and nothing while all is well."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="banner")
        self._glyphs = glyphs

    def show(self, text: str, severity: str = "warning") -> None:
        """Show this text, or hide when there is none."""
        self.display = bool(text)
        self.set_class(severity == "error", "-error")
        self.update(Content.assemble((f" {self._glyphs.warn} ", "bold"), text))


class Footer(Bar):
    """The keys that are valid now on the left, the modes that are on at the right."""

    def __init__(self) -> None:
        super().__init__("footer")

    def show(self, hints: Sequence[tuple[str, str]], flags: Sequence[str]) -> None:
        """As many hints as fit; the last three (filter, commands, help) always stay."""
        width = self.app.size.width
        right = "  ".join(flags)
        room = width - len(right) - 3
        shown = list(hints)
        while len(shown) > 1 and sum(len(k) + len(text) + 3 for k, text in shown) > room:
            del shown[-4 if len(shown) > 4 else 0]
        parts: list[Part] = [(" ", "")]
        for key, text in shown:
            parts += [(key, "bold $pd-accent"), (f" {text}  ", "$pd-dim")]
        used = _length(parts)
        parts.append((" " * max(width - used - len(right) - 1, 0), ""))
        self.say(Content.assemble(*parts, (right, "bold $pd-match")))
