"""Wire records of the Docker Engine API and of OCI images: data only.

`wire.py` has the rules (names, omissions, nulls), each other module the records of one subject; `message.py`
is a request and a response apart from any transport. Every layer but runtime and linux may import these.
"""
