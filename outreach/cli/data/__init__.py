"""Commands about the database as a whole: upgrade, copy, backup and restore.

Start with migrations.py (`outreach db`). The work itself is services/operations/backup.
"""
