"""An activity's invitees as lists, who can be invited, and what inviting them would do.

Start with lists.py. select.py holds its filters and order, choices.py the choices of the forms, preview.py the effects
of inviting, counting.py how invitees are counted, invitee.py what the page of one person or organisation shows,
history.py what happened about one invitation.
"""
