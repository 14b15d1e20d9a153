"""The door of an activity. Start with log.py: every way of recording who was there adds scans to it.

attendance.py is the sheet, receive.py takes what devices send, codes.py knows whose code it is and whether it counts.
"""
