"""Pages of programmes: list, new with days and activities, edit, copy and publish.

Start with views.py; forms.py holds the forms.
"""
