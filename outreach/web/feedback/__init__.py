"""Feedback for staff: an activity's result, and what is asked. Start with views.py.

What those who were there see is web/answer_pages/feedback.py.
"""
