"""The message log: find messages, see one with every attempt, and read the archive.

Start with log.py. archive.py reads finished messages that services/messages moved out of the outbox's tables.
"""
