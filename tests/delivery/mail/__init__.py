"""Composed mails: words, headers, calendar entries, and frames equal to composed mails."""
