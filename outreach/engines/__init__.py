"""What runs the work: when and where, never what."""
