"""Volumes: directories that outlive containers, and are filled from an image on first use.

- `record`: what is remembered of one; `service`: the service, `Volumes`, with the one driver, `local`.
- `mounting`: a volume that is a file system of its own (tmpfs, nfs, a bind) while containers use it.
- `copyup`: run in a worker inside a container's root: copies what the image has at a volume's place.

On disk: `<root>/volumes/<name>/_data`. State table `volumes`. Imports leaves, schema, state and
`runtime.records`; who uses a volume is told by the caller.
"""
