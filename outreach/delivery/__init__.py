"""What goes out and what comes in: mails, calendars, the outbox, SMTP, the mailbox.

Start with outbox/drain.py for sending, mail/compose.py for the text of a mail, inbox/reading.py for incoming mail.
Services decide whether an answer is allowed; this layer does not.
"""
