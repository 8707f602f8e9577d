"""The keys of a log pane, by the ids under which a key map can move them."""

from __future__ import annotations

from textual.binding import Binding

KEYS: tuple[Binding, ...] = (
    Binding("f", "follow", "Follow", id="logs.follow"),
    Binding("slash", "prompt('search')", "Search", id="logs.search"),
    Binding("n", "find(True)", "Next hit", id="logs.next", show=False),
    Binding("N,upper_n", "find(False)", "Previous hit", id="logs.previous", show=False),
    Binding("ampersand", "prompt('filter')", "Filter", id="logs.filter"),
    Binding("exclamation_mark", "invert", "Invert filter", id="logs.invert", show=False),
    Binding("x", "regex", "Regex on or off", id="logs.regex", show=False),
    Binding("E,upper_e", "errors_only", "Errors only", id="logs.errors", show=False),
    Binding("right_curly_bracket", "error(True)", "Next error", id="logs.next_error", show=False),
    Binding("left_curly_bracket", "error(False)", "Previous error", id="logs.previous_error", show=False),
    Binding("o", "streams", "Both, stderr, stdout", id="logs.streams", show=False),
    Binding("t", "stamps", "Times", id="logs.times"),
    Binding("w", "wrap", "Wrap", id="logs.wrap"),
    *(
        Binding(str(key), f"range({key})", label, id=f"logs.range_{key}", show=False)
        for key, label in enumerate(
            (
                "Since the last start",
                "Last minute",
                "Last 5 minutes",
                "Last 15 minutes",
                "Last hour",
                "All",
                "Tail",
            )
        )
    ),
    Binding("F,upper_f", "fold", "Fold repeats, traces, nothing", id="logs.fold", show=False),
    Binding("J,upper_j", "columns", "Records as columns", id="logs.columns", show=False),
    Binding("C,upper_c", "prompt('columns')", "Choose columns", id="logs.choose_columns", show=False),
    Binding("enter", "open_line", "Unfold, or show the record", id="logs.record", show=False),
    Binding("s", "mute", "Mute a source by its number", id="logs.mute", show=False),
    Binding("m", "mark", "Mark", id="logs.mark", show=False),
    Binding("V,upper_v", "select", "Select lines", id="logs.select", show=False),
    Binding("y", "copy", "Copy", id="logs.copy", show=False),
    Binding("ctrl+s", "prompt('save')", "Save", id="logs.save", show=False),
    Binding("S,upper_s", "solo", "Solo a source", id="logs.solo", show=False),
    Binding("j,down", "scroll(1)", "Down", id="logs.down", show=False),
    Binding("k,up", "scroll(-1)", "Up", id="logs.up", show=False),
    Binding("pagedown,ctrl+d,ctrl+f", "page(1)", "Page down", id="logs.page_down", show=False),
    Binding("pageup,ctrl+u,ctrl+b", "page(-1)", "Page up", id="logs.page_up", show=False),
    Binding("g,home", "home", "Oldest", id="logs.home", show=False),
    Binding("G,upper_g,end", "end", "Newest", id="logs.end", show=False),
    Binding("left", "sideways(-8)", "Left", id="logs.left", show=False),
    Binding("right", "sideways(8)", "Right", id="logs.right", show=False),
    Binding("escape", "dismiss", "Back", id="logs.back", show=False),
)
