"""The message log, sending again, and the archive."""
