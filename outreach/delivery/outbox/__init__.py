"""Send due messages: claim them under a lease, check them, hand them over, record the result.

Start with drain.py. leases.py claims, prepare.py checks and composes, connection.py hands over group by group,
settle.py decides the new state, results.py stores it. limits.py keeps the mail server's limits.
"""
