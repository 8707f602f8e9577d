"""The full-screen workstation, `pydock-tui`. It reaches an engine only through `core.client`.

- `main.py`: arguments, what can't work, start. `connect.py`: which engine. `app.py`: the app.
- `typeahead.py`: keys in their order, each when the one before is done; `escape.py`: that key in a burst.
- `picture.py`: the live picture as data; `mirror.py`: keeps it true.
- `actions.py`, `acts/`: the one table of actions; `keymap.py`: their keys. `config.py`, `theme.py`: the
  user's own.
- `rows/`: wire records to cells. `screens/`, `dialogs/`, `widgets/`: what is seen.
- `logs/`, `terminal/`, `clock.py`, `sources.py`: logs and shells.

`picture`, `mirror`, `acts`, `keymap`, `rows`, `logs` and `terminal` import no Textual.
"""
