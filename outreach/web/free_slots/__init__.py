"""Find a time: the search is in the address, the free slots are below it.

Start with views.py. The search is domain/free_slots; words.py says why a slot suits or what prevents it.
"""
