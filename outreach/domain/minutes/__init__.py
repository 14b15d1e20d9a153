"""Minutes, as rules: content.py says what they hold, follow_ups.py when a task of them is reminded. Start with content.py."""
