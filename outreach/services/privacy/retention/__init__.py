"""Retention: what is erased because its time is over, for each purpose of outreach/domain/privacy/retention.py.

Start with run.py, which an engine calls. stores.py says what is erased and from when its time counts, periods.py what the
office chose.
"""
