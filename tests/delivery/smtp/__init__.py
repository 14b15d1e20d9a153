"""The SMTP connection: pipelining, stalls, refusals, and mails in doubt after a lost connection."""
