"""A first proposal without a solver: one activity after the other, each where it costs least.

Start with greedy.py; draft.py holds a proposal while it is made.
"""
