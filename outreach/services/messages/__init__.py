"""Messages after they are written: sending one again by hand, and moving old ones to the archive.

Start with resend.py. services/reminders/expand.py writes messages for reminders, delivery/outbox sends them,
queries/messages shows them.
"""
