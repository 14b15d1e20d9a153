"""Loading the plan, refusing what blocks, and booking venues and speakers."""
