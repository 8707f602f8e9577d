"""Networks: their records, addresses, links, firewall and published ports.

- `record`: what is remembered of a network and of an endpoint; `view`: as the API shows it.
- `settings`: a create request and its driver options -> a record, pure. `ipam`: pools and addresses, pure.
- `endpoints`: a container's wishes -> endpoints with addresses, pure. `ports`: host ports, held by sockets.
- `tables`: the state tables; `presence`: what of them is in the kernel now.
- `links`: bridges and firewall in the kernel; `mend`: what is there against what should be.
- `watch`: what other programs take away, noticed when it happens (pyroute2, imported in a thread).
- `topology`: the picture of them all, pure.
- `names`: files of the names on each network. `attachment`: what a start gets.
- `networks`: the service, `Networks`.

State tables `networks` and `endpoints`: an endpoint exists from before its container's start to after its
end, and holds its addresses by a unique column, so two engines never give out one address. In the kernel: the
bridge `pydock0` of the default network, `pdb-<id>` of others, veths `pdk<root's mark><endpoint id>`,
the nftables table `pydock`. On disk: a directory of names files, one a network.

Imports leaves, schema, state, `linux` and `runtime.records`.
"""

from __future__ import annotations

from .attachment import Attachment
from .networks import Networks

__all__ = ["Attachment", "Networks"]
