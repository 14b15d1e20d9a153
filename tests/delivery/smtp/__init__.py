"""The wire: pipelining, stalls, refusals, and what is in doubt after a lost connection."""
