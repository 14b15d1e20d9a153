"""The message log and the archive as pages read them."""
