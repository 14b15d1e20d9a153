"""For operators of the server: figures for monitoring, living engines, clocks, checks and backups.

Start with metrics.py (figures) and engines.py (heartbeats, late mail). clock.py compares this machine's clock with
the database's. checks/ serves `outreach doctor`, backup/ saves and restores.
"""
