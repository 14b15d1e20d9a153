"""Export or erase the data held about a person (UU PDP 27/2022, articles 7 and 8).

Start with person.py, which uses the other files: absences, calls, certificates, clashes, inbox, letters, materials,
timetables. A new table that holds a name needs code here.
"""
