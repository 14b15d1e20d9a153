"""The mailbox that answers and delivery reports come to: fetching mails, and reading them into plain values.

A mail is written by a stranger. So each file here bounds what it looks at, in bytes, parts, depth and lines, and nothing
that a mail says about itself makes it look at more. What a mail does is services/incoming.py.
"""
