"""Images: content by digest, names, and what goes in and out as archives.

- Pure: `tar` (an archive's headers, read), `archive` (which members of an archive make which images) with
  `legacy` (Docker before 1.10), `platforms` (which of several suits), `changes` (`import --change`),
  `listing` and `describe` (records to API shapes), `removal` (Docker's rules for rmi, as a plan).
- On foreign bytes: `stream` (decompression, reading ahead), `unpack` (a layer into a tree; in a worker),
  `pack` (a tree into a tar), `spool` (an archive's members into files).
- With registries: `resolve` (a name to a manifest, checked), `pull`, `push`, `look`, imported only when they
  are needed, for they import httpx; `registries` holds them together.
- With state: `blobs` (files by digest), `records` (documents and their tables), `layers` (blobs to unpacked
  layers), `load`, `save`, `commit` (an image and one more layer), `progress`, and `store`, the service that
  the engine builds.

On disk: `<root>/blobs/sha256/<hex>` holds configurations, manifests and layers as they were received;
`<root>/tmp` what is half made; `part-<hex>` there is a download, which outlives a broken pull for a week.
Unpacked layers are the snapshotter's. The tables `images` (key: id, the configuration's digest) and
`image_references` (key: canonical reference) are in the state file.

Who adds content holds the lock ("content", "all") shared, from the first byte to the record's commit; garbage
is collected under the exclusive lock, by whoever lets go last. So collection never meets half-recorded
content of any engine, and it may be killed anywhere: records go first, files without a record are garbage.
"""
