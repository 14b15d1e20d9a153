"""The coordinator's start page: what is next, what needs attention, what goes out next.

Start with page.py. sql.py holds its statements, clash_counts.py the number of clashes. What needs attention is
decided in domain/needs.py.
"""
