"""Automatic timetabling: ask for a proposal, search in a separate process, and apply what it found.

Start with searches.py (start, stop, progress). request.py is what was asked, task.py turns it into the solver's
task, worker.py searches, result.py keeps proposals, apply.py changes the plan.
"""
