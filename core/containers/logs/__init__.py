"""A container's log, read back: Docker's json-file with rotation, written by shims.

- `entry`: one line of the file, and how a client gets it (frames, timestamps, details). Pure.
- `files`: the current file and its rotated ones; finding the last N lines without reading all.
- `reader`: `read(...)`: from the tail on, filtered, and followed by inotify(7) until the container ends.

`<root>/containers/<id>/<id>-json.log`, rotated to `.1`, `.2` …
"""
