"""Real servers for tests: SMTP, IMAP, DNS, web and the virus scanner. Start with smtp.py."""
