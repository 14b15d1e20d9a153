"""Databases for the benchmarks, on SQLite and PostgreSQL. Start with demo_sized.py; rows.py writes by the million."""
