"""Widgets of the workstation.

- `table.py`: the virtual table of all live lists; `rowpaint.py`: its rows as strips; `listpane.py`: a table
  with its frame, filter and sort. `splits.py`: the split area as the main screen has it.
- `detail.py`: the tabs of what is selected; `textview.py`: a virtual text (Inspect); `stats.py`, `graph.py`.
- `bars.py`: header, banner, footer.
- `logpane.py` (with `logcanvas.py`, `loghead.py`, `logkeys.py`), `shellpane.py`, `split.py`: logs and
  terminals, and the area that shows up to four of them.
- `paint.py`: tones to styles.

Widgets know wire records only through `rows/`, and no client at all.
"""
