"""The rows of the table of actions, a module a subject; `tui/actions.py` joins them.

- `action.py`: Action, Target: what an action is.
- `containers.py images.py networks.py`: what the engine is asked to do, and what a list's rows offer.
- `screen.py`: panes, filter, sort, help, palette: what only the screen does.
"""
