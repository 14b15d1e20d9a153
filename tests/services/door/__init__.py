"""The door: whose code it is, and whether it counts."""
