"""From where somebody asks: what tries are counted by, and kept nowhere."""

import ipaddress
from collections.abc import Mapping
from typing import Any


def address_of(scope: Mapping[str, Any]) -> str:
    """The client's network address, as the server (or the proxy that it trusts) gives it; of IPv6 the network of 64
    bits: whoever has one of its addresses has all of them, and tries are counted by this.
    """
    client = scope.get("client")
    try:
        address = ipaddress.ip_address(str(client[0])) if client else None
    except ValueError:
        return str(client[0]) if client else ""
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.IPv6Network((address, 64), strict=False))
    return str(address) if address is not None else ""
