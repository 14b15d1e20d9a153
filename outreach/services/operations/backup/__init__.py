"""Save all data to one file, restore it from there, or copy it into another database.

Start with archive.py. hold.py decides what a restored database must not send again; copy.py copies between
databases; tables.py and load.py read and write rows.
"""
