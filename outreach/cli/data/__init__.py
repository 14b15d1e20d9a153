"""Commands for the database as a whole: upgrade, copy, backup and restore.

Start with migrations.py (`outreach db`). services/operations/backup does the work of copy, backup and restore.
"""
