"""Sending due mails: leases, limits, crashes, lost connections, and what is recorded."""
