"""Wire records to table rows: pure functions, no Textual, no I/O.

- `cells.py`: Cell, Column, Row: what a table paints.
- `containers.py images.py layers.py networks.py events.py`: one list each: `COLUMNS` and `row(...)`.
- `stats.py`: samples out of the engine's statistics; CPU and memory by Docker's rules.
- `tree.py`: any record as indented, coloured lines for the Inspect tab.

Cells name a *tone* ("running", "dim", "accent"), never a colour: themes map tones to colours, and a
state is always also a glyph and a word.
"""
