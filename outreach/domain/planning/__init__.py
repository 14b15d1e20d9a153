"""The plan as values: activities, their people, venues, absences, office hours and rules.

Start with plan.py. Services fill it from the database; domain/clashes, domain/free_slots and domain/timetabling
work on it.
"""
