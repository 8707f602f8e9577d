"""Logs as data: nothing here imports Textual.

`store.py` keeps one container's lines in a bounded ring of blocks; `stamp.py` splits Docker's timestamps off;
`source.py` reads a container's log into a store and reconnects; `filter.py` decides which lines are seen and
`view.py` keeps their ids; `search.py` finds and highlights; `severity.py` tells errors from chatter;
`merge.py` puts several stores into one order; `ansi.py` turns a line into styled runs; `viewport.py` is the
scroll position. `tui/widgets/logpane.py` draws them.
"""
