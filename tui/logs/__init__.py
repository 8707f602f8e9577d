"""Logs as data: nothing here imports Textual.

`store.py` keeps one container's lines in a bounded ring of blocks; `stamp.py` splits Docker's timestamps off;
`source.py` reads a container's log into a store and reconnects, `runs.py` knows where its runs begin and end;
`filter.py` decides which lines are seen, `fold.py` which of them hang under another, `view.py` and `ids.py`
keep their ids; `search.py` finds and highlights; `severity.py` tells errors from chatter, `fields.py` reads
JSON and logfmt; `merge.py` puts several stores into one order; `ansi.py` turns a line into styled runs,
`layout.py` cuts them; `viewport.py` is the scroll position; `model.py` is all of a pane but its drawing.
`tui/widgets/logpane.py` draws them.
"""
