"""Find a time: free slots for given people, length and venue, best first.

Start with search.py: it checks each half hour with domain/clashes and has no rules of its own. openings.py says
what prevents a slot if nothing is free. criteria.py holds the request and the results.
"""
