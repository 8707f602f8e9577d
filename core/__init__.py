"""pydock's engine and its faces without a screen.

Leaves (standard library only, importable by all): errors, ids, digest, reference, units, files, filters,
config, rootfs, ring, bell, tasks.

Server, each importing only what stands below it:
`daemon > api > engine > build > containers > images | networks | volumes > registry | snapshots | runtime >
state > linux`.

Client: `cli > compose > client > schema`. A face reaches an engine only through the client; `schema` (wire
records, data only) is shared by both sides. Siblings never import each other: `engine.py` hands
collaborators to constructors.
"""
