"""What runs the work: the engines decide when and where, never what."""
