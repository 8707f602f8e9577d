"""The flags of run and create, turned into the request that creates a container. Pure but for files named.

`flags.py` is the table of flags; `request.py` puts the request together from `ports.py`, `mounts.py`,
`devices.py`, `environment.py` and `networks.py`, each of which reads one kind of value.
"""
