"""Messages after they were written: send one again by hand, or move old ones to the archive.

Start with resend.py. Reminders write messages in services/reminders/expand.py; delivery/outbox sends them;
queries/messages shows them.
"""
