"""The spawner: a small single-threaded process beside an engine, which alone forks.

- `program`: the engine's side: starts the interpreter from a read-only mount of its own.
- `main`: the process: imports what shims and workers need, freezes it, and forks one for each byte it reads.

It holds no state. It ends when its engine does; the shims that it forked go on, and init takes them over.
"""
