"""Whose connection waitress ends so that others come to their turn: who brings nothing further, and who keeps too many.

By itself waitress counts any byte as a sign of life, and connections only all together.
"""

import time
from ipaddress import ip_address
from typing import Any

from waitress.channel import HTTPChannel

FURTHER = 16 * 1024  # bytes of a request that is not whole yet; so few in `channel_timeout` bring nobody further
NETWORK_GROUPS = 4  # of an IPv6 address: what one customer is given


class FairChannel(HTTPChannel):
    """A connection. most_of_one: how many one address may keep; 0 for any number, as behind a proxy.

    A request has to be whole, or that much further, within `channel_timeout` seconds. Who opens one connection too many loses
    the one that has been idle longest.
    """

    most_of_one = 0
    last_activity: float

    def __init__(self, server: Any, sock: Any, addr: Any, adj: Any, map: Any = None) -> None:
        self.household = household(addr[0])
        self._further_at, self._come = time.time(), 0
        super().__init__(server, sock, addr, adj, map)
        theirs = [
            one
            for one in server.active_channels.values()
            if one.household == self.household and one is not self and not one.will_close
        ]
        if 0 < self.most_of_one <= len(theirs):
            idle = [one for one in theirs if not one.requests]
            if idle:
                min(idle, key=lambda one: (one.total_outbufs_len > 0, one.last_activity)).will_close = True

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
    """Return what tells one visitor's address from another's: of IPv6 the network, for each has billions of addresses."""
    if ":" not in address:
        return address
    return ":".join(ip_address(address).exploded.split(":")[:NETWORK_GROUPS])
