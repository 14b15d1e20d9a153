"""Tests of a real set-up: mail server, mailbox, and what DNS says of the domain. Nothing is changed.

Start with mailserver.py. result.py is one result: a sentence and what to do about it. `outreach doctor` prints
them.
"""
