"""Closes connections in waitress to make room for others: those without progress, and those of an address with too many.

Waitress alone counts any byte as activity, and limits only the total number of connections.
"""

import time
from ipaddress import ip_address
from typing import Any

from waitress.channel import HTTPChannel

FURTHER = 16 * 1024  # bytes of an incomplete request; fewer than this within `channel_timeout` is no progress
NETWORK_GROUPS = 4  # groups of an IPv6 address that identify one customer's network


class FairChannel(HTTPChannel):
    """A connection. most_of_one: how many one address may have; 0: no limit, as behind a proxy.

    Within `channel_timeout` seconds a request must be complete or FURTHER bytes longer. If an address opens one connection too
    many, its longest idle one is closed.
    """

    most_of_one = 0
    last_activity: float

    def __init__(self, server: Any, sock: Any, addr: Any, adj: Any, map: Any = None) -> None:
        self.household = household(addr[0])
        self._further_at, self._come = time.time(), 0
        super().__init__(server, sock, addr, adj, map)
        theirs = [
            channel
            for channel in server.active_channels.values()
            if channel.household == self.household and channel is not self and not channel.will_close
        ]
        if 0 < self.most_of_one <= len(theirs):
            idle = [channel for channel in theirs if not channel.requests]
            if idle:
                min(idle, key=lambda channel: (channel.total_outbufs_len > 0, channel.last_activity)).will_close = True

    def received(self, data: bytes) -> bool:
        before, now = self.request, self.last_activity
        taken = bool(super().received(data))
        self._come += len(data)
        blank = not data.strip()  # empty lines between requests
        if self._come >= FURTHER or (self.request is not before and not blank):
            self._further_at, self._come = now, 0
        if self.request is not None or blank:
            self.last_activity = self._further_at
        return taken


def household(address: str) -> str:
    """Return the part of an address that identifies a visitor: of IPv6 the network, as each network has billions of addresses."""
    if ":" not in address:
        return address
    return ":".join(ip_address(address).exploded.split(":")[:NETWORK_GROUPS])
