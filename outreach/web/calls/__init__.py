"""The pages for calling people: the lists, and one call. Start with views.py."""
