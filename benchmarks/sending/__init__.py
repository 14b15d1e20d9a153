"""Sending mails: end to end (sending.py), memory, a far mail server, ticks, a nation's day. Start with sending.py."""
