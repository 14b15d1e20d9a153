"""The address book: people, cadres, organisations and regions, one by one or from a spreadsheet.

Start with people.py. A spreadsheet goes through workbook.py (cells), import_rows.py (one row checked) and
import_people.py (stored). Lists are queries/directory.py.
"""
