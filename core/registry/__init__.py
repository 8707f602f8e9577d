"""Registries: a client of the OCI distribution specification 1.1, and a small registry of one's own.

- Pure, standard library only: `names` (which host serves which names, and whose credentials are whose),
  `settings` (insecure registries, mirrors, certificates), `challenge` (what a 401 asks for).
- With httpx, imported only where somebody talks to a registry: `session` (requests to one registry: TLS,
  redirects, authorization) with `auth` (tokens), `faults` (what a refusal means); `repository` (manifests,
  blobs, tags, uploads of one repository), `download` (a blob into a file, resumed), `upload` (a file into a
  blob, resumed), `login`.
- `server/`: the registry that `pydock registry serve` runs; it has its own map.

Nothing here knows of images, layers or the content store: `images` imports this package, never the other way.
Specification: https://github.com/opencontainers/distribution-spec/blob/main/spec.md

Invariant: a credential goes only to the host that it was stored for, and to the token server that this host
names in a 401 of its own; never along a redirect to another host.
"""
