"""The lists of the directory. Start with lists.py; unreachable.py has those whom mail does not reach."""
