"""Incoming mails parsed into values, hostile mails too."""
