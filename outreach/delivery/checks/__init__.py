"""Trying out a real set-up: the mail server, the mailbox, and what DNS says of the domain. Nothing is changed by it."""
