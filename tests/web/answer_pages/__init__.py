"""The pages behind an invitee's link."""
