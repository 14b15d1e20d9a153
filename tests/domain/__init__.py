"""Rules, tested with plain values and fixed dates."""
