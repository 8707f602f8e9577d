"""A layer's unpacked tree, and the root file system of a container above it.

- `snapshotter`: the Protocol.  `overlay`, `vfs`: the two kinds.  `choice`: which of them a root uses.
- `layers`: the directories and rows of layers, for both.  `tree`: whole trees copied, counted.
- `probe`: whether overlayfs works here, and why not.

On disk: `<root>/layers/driver` (the kind that this root uses), `layers/<chain id in hex>/diff` (a layer; vfs:
with all below it), `layers/l/<short>` (links to them, so that 120 names fit in one mount), and per container
 `containers/<id>/upper` and `work` (overlay) or `rootfs` (vfs). Half-made ones are in `<root>/tmp`.
Tables: `layers` (key: chain id), `snapshots` (key: container id).

Imports state, linux and leaves.
"""
