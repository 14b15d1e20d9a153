"""`outreach serve` (pages, ticks and sending in one process) and `outreach worker` (no pages).

Start with command.py, which defines both commands. The other files limit request bodies and idle connections for waitress.
"""
