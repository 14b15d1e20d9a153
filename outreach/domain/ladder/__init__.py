"""The ladder, as rules: rungs.py says what is tried and when, substitutes.py who could come instead. Start with rungs.py."""
