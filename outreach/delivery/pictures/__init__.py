"""Photos made smaller, in a process of their own. Start with scale.py; process.py is that process."""
