"""Feedback after an activity. Start with give.py: one answer of a link, kept so that nobody can tell whose it is.

seal.py encrypts an answer while it waits for others, questions.py is what the office asks. The reasons are in
docs/decisions/feedback.md.
"""
