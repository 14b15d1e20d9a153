"""The address book: people, cadres, organisations and regions, one by one or from a spreadsheet.

Start with people.py. An import reads cells with workbook.py, checks rows with import_rows.py and stores them with
import_people.py. queries/directory.py lists the records.
"""
