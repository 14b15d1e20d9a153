"""Pages of automatic timetabling: ask, watch the search, look at the proposal and apply it.

Start with views.py. forms.py holds the conditions, words.py says what is proposed, why, and what is impossible.
"""
