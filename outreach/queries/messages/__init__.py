"""The message log: find messages, show one with its attempts, and read the archive.

Start with log.py. archive.py reads finished messages that services/messages/archive.py moved out of the outbox's tables.
"""
