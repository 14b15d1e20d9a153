"""Letters are made from the plan, composed in versions, and kept."""
