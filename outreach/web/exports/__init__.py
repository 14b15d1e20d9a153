"""Every list as a spreadsheet file. Start with file.py; columns.py has the columns of each list.

A list's own address with ?file=xlsx or ?file=csv gives the file, so its filters and its access rights are the list's own.
"""
