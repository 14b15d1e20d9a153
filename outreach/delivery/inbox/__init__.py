"""The mailbox for answers and delivery reports: fetch mails, and read them into plain values.

Start with reading.py. A stranger wrote each mail, so every file limits what it reads: bytes, parts, depth, lines.
What a mail causes is services/inbox/receive.py.
"""
