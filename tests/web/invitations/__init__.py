"""Pages about invitees."""
