"""Composed mails: words, headers, calendar entries, and framed mails equal to composed mails."""
