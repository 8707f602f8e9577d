"""From a container's configuration to an OCI runtime specification 1.2, by pure functions.

- `facts`: what must be known of the machine before the pure part runs; read by `containers.prepare`.
- `build`: `build(container, facts)`: the whole document, put together from the modules below.
- `process`: arguments, environment, user. `capabilities`: Docker's sets. `security`: `--security-opt`.
- `mounts`: Docker's default mounts and the container's own. `namespaces`: which are new, kept or joined.
- `resources`: limits and device rules.

The values are Docker's, field by field, as a recorded dockerd 28.5 printed them (tests compare).
"""
