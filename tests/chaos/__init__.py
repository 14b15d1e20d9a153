"""The promises of delivery, tested against a mail server whose own log is the truth."""
