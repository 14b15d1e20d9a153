"""The `outreach` command as a user runs it."""
