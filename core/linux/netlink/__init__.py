"""netlink(7) and rtnetlink(7): links, addresses and routes without `ip` and without pyroute2.

- `wire`: messages, attributes and the socket, shared with nftables; no knowledge of links.
- `route`: the requests a container's network needs; a start takes two sends.

Standard library only: the shim imports it.
"""

from __future__ import annotations

from .route import (
    Address,
    InterfaceLike,
    Link,
    Route,
    add_address,
    addresses,
    configure,
    create_bridge,
    create_macvlan,
    create_veth,
    delete_address,
    delete_link,
    links,
    replace_default_routes,
    routes,
    set_link_up,
    set_master,
    write_sysctl,
)

__all__ = [
    "Address",
    "InterfaceLike",
    "Link",
    "Route",
    "add_address",
    "addresses",
    "configure",
    "create_bridge",
    "create_macvlan",
    "create_veth",
    "delete_address",
    "delete_link",
    "links",
    "replace_default_routes",
    "routes",
    "set_link_up",
    "set_master",
    "write_sysctl",
]
