"""Modal dialogs: keyboard first, esc never acts.

- `picker.py`: choose one of some entries (menus, palette, themes, sort).
- `confirm.py`: yes or no. `form.py`: some fields. `load.py`: an archive to load, with progress.
- `fields.py`: pure: what was typed to what the API wants.
- `help.py`: the keys that work here.
"""
