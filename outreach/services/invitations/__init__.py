"""Who is asked to which activity, in which role; quotas, seats, links, and withdrawal.

Start with invite.py, which calls add.py for each new invitation. withdraw.py takes one back, seats.py gives a
freed seat to the next on the waiting list, links.py opens and renews answer links.
"""
