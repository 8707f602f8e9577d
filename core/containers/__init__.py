"""Containers: what is remembered of them, and all that is done to them.

`service.py` is the face that the API calls; each part has a module of its own, and `context.py` holds the
collaborators that `core/engine.py` hands in.

Pure: `record`, `states` (the table of moves), `options` (a request made whole), `validate`, `mounts`,
`ports`, `signals`, `users`, `etc`, `tags` (of log lines), `spec/` (configuration -> OCI runtime
specification), `listing`, `show`.

With the kernel, through the runtime: `create`, `prepare`, `etc_files`, `links`, `starting`, `stopping`,
`networking` (networks changed, also while it runs), `life`, `removal`, `execs`, `attaching`, `waiters`,
`usage`, `processes`, `archive` (cp and export), `committing` (diff and commit).
In workers, on strangers' trees: `copying` inside the container's own root, `differences` over its layers.
What comes back: `news` takes a shim's journal over into the store, once, whichever engine is first; `ending`
does what follows an exit; `recovery` sets right what an engine finds at its start; `shims` notices one that
dies. `logs/` reads what shims wrote.

On disk: `<root>/containers/<id>/` holds `<id>-json.log`, `hosts`, `hostname`, `resolv.conf`; the records are
in the state store. What a running container has in `/run` belongs to the runtime.
"""
