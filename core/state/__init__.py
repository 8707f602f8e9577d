"""What engines know, safe for several of them at once.

- `store`: the SQLite file and typed tables in it (`<root>/state.db`, WAL beside it).
- `events`: the event table of `/events`: replay, then follow by the bell.
- `locks`: one lock per object, between engines and inside one (`<run>/locks/<kind>-<id>`).

Imports leaves and `schema` only; imported by every service of the engine.
"""
