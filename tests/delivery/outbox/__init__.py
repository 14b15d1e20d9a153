"""Sending what is due: leases, limits, crashes, lost connections, and what is recorded."""
