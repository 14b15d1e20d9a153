"""The door of an activity. Start with codes.py: the address in a code, and codes on paper. scans.py takes what devices send."""
