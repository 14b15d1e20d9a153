"""Pages about when somebody or something is unavailable."""
