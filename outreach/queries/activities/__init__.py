"""Activities and programmes as pages show them: lists, one page, free times, and previews before saving.

Start with page.py (one activity or programme) and lists.py. free_slots.py finds a time; programme_preview.py previews
the clashes of several new activities.
"""
