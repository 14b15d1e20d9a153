"""Drafts, publishing, moves, cancellations, agendas, and simultaneous bookings."""
