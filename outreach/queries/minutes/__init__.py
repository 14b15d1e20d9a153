"""What pages of minutes and follow-ups show. Start with page.py: the minutes of one activity."""
