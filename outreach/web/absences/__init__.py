"""Pages that say when a person, organisation or venue is unavailable.

Start with views.py. forms.py holds the form. delivery/words/absences.py has the sentence about one absence.
"""
