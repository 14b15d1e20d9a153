"""The address book: people, cadres, organisations and regions, one by one or from a spreadsheet.

Start with people.py. An import reads cells with workbook.py, checks rows with import_rows.py, stores them with
import_people.py and is taken back by import_undo.py; import_shapes.py remembers what columns mean. queries/directory/lists.py
lists the records.
"""
