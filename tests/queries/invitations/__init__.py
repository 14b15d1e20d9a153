"""Lists of invitees, their counts, and the preview before inviting."""
