"""The ladder: rungs that are climbed until an invitee answers. Start with climb.py; edit.py changes the office's ladders."""
