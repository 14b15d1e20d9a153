"""Which free slots are found, in what order, and what prevents one where there is none."""
