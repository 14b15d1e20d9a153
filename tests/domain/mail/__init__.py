"""Whether a line is still true, and whether a refusal is the address's fault."""
