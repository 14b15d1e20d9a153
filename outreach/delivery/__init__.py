"""What goes out and what comes in: mails, calendars, the outbox, SMTP, the mailbox.

Start with outbox/drain.py for sending, mail/compose.py for the words of a mail, inbox/reading.py for incoming
mail. Whether an answer is allowed is not decided here: services/ uses this layer.
"""
