"""Calling invitees: who is given to which caller, and what came of a call.

Start with claim.py: two callers never get the same person. record.py stores what came of a call, questions.py and
numbers.py settle what is left of it. queries/calls lists whom to call.
"""
