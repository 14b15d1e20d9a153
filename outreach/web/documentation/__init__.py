"""Photos and press text of an activity, for staff. Start with views.py.

Those who were there see them on web/answer_pages/photos.py, everybody who has the address on web/answer_pages/press.py.
"""
