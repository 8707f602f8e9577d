"""nftables by raw netlink: one table of ours, `inet pydock`, and nobody else's touched.

- `wire`: netfilter's messages and expressions, encoded; no knowledge of containers.
- `table`: our table: what is in it, put there as one transaction.
- `ports`: published ports, each one element of a map; used by the shim.
- `names`: the name server's address inside a container's network namespace.
- `foreign`: other programs' forward chains that drop, and the accept that lets our bridges through.

Standard library only: the shim imports it.
"""

from __future__ import annotations

from .foreign import Admission, admit
from .names import NAME_SERVER, lead_name_server
from .ports import Port, PortLike, add_ports, ports, remove_ports
from .table import Bridge, delete_table, ensure_table, has_user_rules, table_exists

__all__ = [
    "NAME_SERVER",
    "Admission",
    "Bridge",
    "Port",
    "PortLike",
    "add_ports",
    "admit",
    "delete_table",
    "ensure_table",
    "has_user_rules",
    "lead_name_server",
    "ports",
    "remove_ports",
    "table_exists",
]
