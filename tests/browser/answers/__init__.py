"""Answers: on the pages of invitees, of who represents them, and recorded by staff."""
