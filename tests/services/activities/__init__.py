"""Drafts, publishing, moves, cancellations, agendas, and bookings at the same moment."""
