"""What tests run on: the app (apps.py), PostgreSQL, the clock under test (wall_clock.py), readers of calendar files."""
