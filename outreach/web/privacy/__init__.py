"""Pages about personal data: how long it is kept, what people ask about theirs, and what the office says about it.

Start with retention.py.
"""
