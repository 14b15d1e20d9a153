"""Mails composed and sent through real SMTP servers, and mails read."""
