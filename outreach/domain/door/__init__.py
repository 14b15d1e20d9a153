"""The door, as rules. Start with scans.py: who was present by the log. codes.py: what a code holds, why one does not count."""
