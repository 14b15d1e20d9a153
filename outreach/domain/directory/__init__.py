"""Names, e-mail addresses, phone numbers and place names as people write them, in one clean form.

Start with names.py. spreadsheet.py finds the table of people in a sheet that was made for people to read.
"""
