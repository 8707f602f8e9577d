"""The screens: `main.py` composes and hands on, what it does is beside it.

- `feed.py`: what the mirror says to what is shown. `places.py`: focus, zoom, layout. `hints.py`: the footer.
- `lists.py`: updates of the picture to rows of the lists.
- `commands.py`: the screen's own actions (panes, filter, sort, dialogs), by id.
- `perform.py`: actions that ask the engine: confirm, run, say what came of it.
- `open.py`: logs into panes, panes into the split area. `shells.py`: shells, those that were left too.
- `answers.py`: one command in many containers. `finding.py`: a search through the logs of all.
- `forms.py`: actions that ask for more first.
- `layout.py`: pure: how high each list is, which layout a size gets.
"""
