"""The screens: `main.py` composes and hands on, what it does is beside it.

- `lists.py`: updates of the picture to rows of the lists.
- `commands.py`: the screen's own actions (panes, filter, sort, dialogs), by id.
- `perform.py`: actions that ask the engine: confirm, run, say what came of it.
- `open.py`: logs and shells into panes.
- `layout.py`: pure: how high each list is, which layout a size gets.
"""
