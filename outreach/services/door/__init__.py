"""The door of an activity: whose code it is and whether it counts (codes.py)."""
