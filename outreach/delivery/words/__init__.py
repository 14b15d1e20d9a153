"""Wording in Indonesian or English: dates, closed lists, clashes, WhatsApp, and how a reader is addressed.

Start with labels.py (closed lists) and formats.py (dates, times, phone numbers). Mails, calendars and pages all use
them.
"""
