"""Which free times are found, in what order, and what is in the way where there is none."""
