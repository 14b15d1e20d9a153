"""What forms share: base form, field types, choices, instants, and problems shown at a field.

Start with base.py. instants.py is the only place where pages turn a day, a time and a zone into an instant.
"""
