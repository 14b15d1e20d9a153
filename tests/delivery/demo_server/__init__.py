"""The demo's SMTP server: what it keeps, and what its page reads."""
