"""Photos of an activity and its press text. Start with photos.py; press.py is the text, and who sees both."""
