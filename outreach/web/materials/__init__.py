"""Speakers' materials for staff: on the activity's page, with buttons to show them to attendees.

Start with views.py. What speakers and attendees see is web/answer_pages/materials.py.
"""
