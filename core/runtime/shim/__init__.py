"""One shim per container: a small single-threaded process that outlives every engine.

It owns the container's first process, terminal or pipes, log file, exit code, restart policy, published
ports and execs. Standard library, `core.linux`, the runtime's own modules and the stdlib-only leaves; no
asyncio, no thread. Everything is imported by the spawner beforehand: a shim imports nothing.

- `rehearsal`: what happens before there is a container; `main`: from the fork to the loop; `loop`:
  descriptors and timers; `container`: the state machine.
- `process`: a launched process with its output and input; `peer`: a client of its streams.
- `control`: `shim.sock`, one JSON line a request; `execs`: further processes; `network`: links, ports and
  the name server, also changed while it runs.
- `health`: the health check and its results; `restart`: Docker's back-off, pure; `json_lines`, `log_file`:
  the log; `remains`: what a dead shim leaves.

A connection to `shim.sock`:

    engine                                        shim
      | {"op": "stop", "signal": 15, ...}\\n --------->|
      |<------------------------ {"ok": ...}\\n  or  {"error": [kind, message, exit code]}\\n
      |<==== attach, exec: Docker's raw stream, both ways, until either side closes =====>|
"""
