"""Embedded terminals as data: nothing here imports Textual.

`pen.py` is a cell's look; `backend.py` the contract of an emulator, `bittty_backend.py` and
`ghostty_backend.py` the two that keep it; `keys.py` and `mouse.py` encode what the user does, `copymode.py`
and `selection.py` what is copied; `session.py` runs one shell over a stream, `expect.py` lets pexpect read
along; `sessions.py` knows the shells that run, also those no pane shows; `pty.py` runs a program of the host.
`tui/widgets/shellpane.py` draws a session.
"""
