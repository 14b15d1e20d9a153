"""Figures, heartbeats, clocks and checks."""
