"""The pages of letters, by requests."""
