"""Rules about mails: whether a line is still true, when to try again, and whether the address is at fault.

Start with still_true.py (why a line is skipped). address_faults.py says when an address is blocked, failures.py
when to try again, merging.py which lines one mail contains.
"""
