"""The commands, one file a group; `table.py` says which name is where. Each is imported only when called."""
