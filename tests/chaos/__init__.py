"""What is promised of delivery, proved against a mail server whose own log is the truth."""
