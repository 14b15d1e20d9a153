"""The clashes of one moved activity and of a whole plan, and timetabling. Start with clashes.py."""
