"""An activity's invitees as lists, who can be invited, and what inviting them would do.

Start with lists.py. select.py holds its filters and order, choices.py what the forms offer, preview.py what would
be sent, counting.py how invitees are counted everywhere.
"""
