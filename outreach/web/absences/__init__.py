"""Pages that say when a person, organisation or venue is unavailable.

Start with views.py. forms.py holds the form, words.py the sentences about one absence.
"""
