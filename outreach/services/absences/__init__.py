"""When people, organisations and venues are unavailable: entered by hand or read from calendars.

Start with edit.py. calendars.py stores calendar addresses and files. refresh.py reads the addresses regularly.
parse.py reads one iCalendar file in a separate process.
"""
