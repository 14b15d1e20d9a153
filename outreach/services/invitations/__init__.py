"""Who is invited to which activity in which role; quotas, seats, links, and withdrawal.

Start with invite.py, which uses add.py to create invitations. withdraw.py withdraws one, seats.py gives a freed
seat to the next on the waiting list, links.py opens and renews answer links.
"""
