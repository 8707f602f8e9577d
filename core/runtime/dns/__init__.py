"""The name server of a container, at 127.0.0.11 in its network namespace; served by its shim.

- `message`: queries read, answers written (RFC 1035, RFC 3596); pure.
- `names`: who is called what on the container's networks: files that engines write and a server reads.
- `server`: answers what it knows, forwards the rest verbatim; on the shim's loop.

Standard library and `core.linux` only. Nothing from a container whose networks are all internal goes out.
"""
