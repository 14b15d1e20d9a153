"""Find a time: free slots for given people, length and venue, best first.

Start with search.py: it asks domain/clashes about each half hour and has no rules of its own. openings.py says
what is in the way where nothing is free. values.py holds the request and the result.
"""
