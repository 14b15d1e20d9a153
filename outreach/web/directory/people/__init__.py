"""People: their list and records, what they may ask for (their link, their data, its erasure), and importing many.

Start with records.py. rights.py is what a person may ask for, imports.py the import of a spreadsheet.
"""
