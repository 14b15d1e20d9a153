"""Automatic timetabling: request a proposal, search for it in a separate process, and apply it.

Start with searches.py (start, stop, progress). request.py is the request, task.py turns it into the solver's task,
worker.py searches, result.py stores proposals, apply.py changes the plan.
"""
