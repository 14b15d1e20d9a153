"""Checks of a real installation: mail server, mailbox, and the domain's DNS records. Nothing is changed.

Start with mail_server.py. result.py is one result: a sentence and what to do about it. `outreach doctor` prints them.
"""
