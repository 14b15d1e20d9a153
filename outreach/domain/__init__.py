"""Rules as plain functions and values: no Flask, no SQLAlchemy, no clock."""
