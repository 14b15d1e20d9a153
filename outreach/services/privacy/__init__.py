"""Personal data: exported and erased for one person, and erased for everybody when its time is over (UU PDP 27/2022).

Start with person.py, which exports and erases a person; held/ has the parts of it. retention/ erases what is too old.
outreach/models/personal.py says which tables hold personal data.
"""
