"""Programmes with their days: make, edit, and copy last year's.

Start with edit.py. copy.py copies days, activities, agenda, invitees, rules and texts, but no answers.
"""
