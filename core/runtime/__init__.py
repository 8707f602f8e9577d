"""The OCI runtime: a specification planned by pure code, then made into processes.

Standard library and `core.linux` only (and the leaves): the spawner and every shim are made of this.

- `records`: what an engine asks; `plan`: spec -> plan, pure (with `mounts`, `devices`, `process`, `host`).
- `launch`, `join`: plan -> process. Between clone and exec: `child` and its `channel` to the parent, `rootfs`
  (with `overlay`, `inside`: every path is opened beneath the root), `terminal`, `program`, `failure`.
- `cgroups/` (v1 and v2 behind one face), `seccomp/` (Docker's profile compiled to BPF), `capabilities`,
  `init/` (the first process of `--init`), `dns/` (the name server at 127.0.0.11).
- `spawner/`: the small process beside an engine; it alone forks.
- `shim/`: one per container; owns its process, log, exit code and restarts; outlives every engine.
- `worker/`: short-lived processes for foreign bytes and trees, inside a chroot.
- `client`: the asyncio side of the spawner's and the shims' sockets, used by engines.
- `journal`: the file in which a shim tells what happened, read by engines, whom `core.ring` wakes.
- `wire`: messages to what the spawner forks; `stream`: an attach or exec stream.

On disk: `/run/pydock/containers/<id>/` holds `shim.sock` (0600), `shim.lock` (held while the shim lives),
`journal`, `health` (the last results of a health check), and while there may be something to clean up
`remains` (cgroup and ports, for `Runtime.reap`).
"""
