"""Speakers' files, topics, biographies and photos: sending them by link, and showing them to attendees.

Start with send.py, which speakers use. publish.py is for staff.
"""
