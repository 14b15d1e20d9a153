"""Reminders, as rules: due.py says when one is due and still useful, audiences.py whom it reaches. Start with due.py."""
