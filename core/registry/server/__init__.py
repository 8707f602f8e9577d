"""A small registry: OCI distribution 1.1, files on disk, one process (`pydock registry serve`).

- `http`: bytes to requests and back, by h11 on asyncio, with or without TLS.
- `api`: what each endpoint answers, as the specification has it; `answers`: statuses, headers, errors.
- `uploads`: blobs on their way in.  `storage`: everything on disk.  `collect`: garbage collection.
- `users`: who may come in, from a file like htpasswd's with scrypt hashes.
- `run`: all of it put together.

On disk, below one directory:

    blobs/<algorithm>/<hex>                       content, whole or absent; manifests too
    repositories/<name>/_blobs/<algorithm>/<hex>      empty: the repository has this blob
    repositories/<name>/_manifests/<algorithm>/<hex>  its media type: the repository has this manifest
    repositories/<name>/_tags/<tag>                   the digest it names
    repositories/<name>/_referrers/<algorithm>/<hex>/<digest>   empty: this manifest has that subject
    repositories/<name>/_uploads/<id>                 what has come in so far

No part of a repository's name begins with an underscore, so names and marks never meet. Every file is written
aside and renamed. Content goes in before what refers to it, and out after.
"""
