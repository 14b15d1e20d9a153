"""Mails composed and sent, with real SMTP servers; mails read."""
