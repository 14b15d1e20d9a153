"""Both engines do the same work: rounds, chores, clocks, lost jobs."""
