"""Pages of programmes and their days."""
