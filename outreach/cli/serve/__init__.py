"""`outreach serve` (pages, ticks and sending in one process) and `outreach worker` (no pages).

Start with the file that defines both commands; the others limit request bodies and idle connections for waitress.
"""
