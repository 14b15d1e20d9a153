"""What pages of ladders show. Start with rungs.py; substitutes.py proposes who could come instead."""
