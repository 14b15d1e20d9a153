"""What is held about a person: exported to them, or erased (UU PDP 27/2022, articles 7 and 8).

Start with person.py, which calls the other files: absences, mails received, timetables. Whatever new table holds a
name needs its part here.
"""
