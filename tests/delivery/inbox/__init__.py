"""Incoming mails read into values, hostile ones too."""
