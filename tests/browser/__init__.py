"""Whole tasks in a real browser, with and without script."""
