"""Keeping all data: copying it to another database, saving it in a file, and bringing it back."""
