"""The coordinator's start page: next activities, what needs attention, and the next mails.

Start with page.py. sql.py holds its statements, clash_counts.py the number of clashes. domain/needs.py decides what
needs attention.
"""
