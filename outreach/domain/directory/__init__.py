"""Cleans names, e-mail addresses, phone numbers and place names as people write them.

Start with names.py. spreadsheet.py finds the table of people in a sheet made for human readers.
"""
