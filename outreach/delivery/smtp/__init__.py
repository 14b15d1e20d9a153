"""The connection to the mail server. It handles bytes and replies, and knows nothing of messages or activities.

Start with wire.py (connect and reconnect) and pipeline.py (how mails go over a connection). outcomes.py sorts replies
into accepted, temporary, permanent and in doubt.
"""
