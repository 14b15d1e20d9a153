"""Letters as PDF, set one after the other."""
