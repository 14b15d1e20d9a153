"""Pages of an activity's invitees: the list, inviting, and one invitation with its actions.

Start with lists.py (the list). people.py and groups.py invite, one.py is one invitation.
"""
