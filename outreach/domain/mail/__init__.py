"""Rules about mails: whether a line is still true, when to try again, whose fault a refusal is.

Start with still_true.py (why a line is skipped). address_faults.py says when an address is blocked, failures.py
when to try again, merging.py what one mail says.
"""
