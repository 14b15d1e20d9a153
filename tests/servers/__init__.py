"""Real servers for tests: SMTP, IMAP, DNS and web. Start with smtp.py."""
