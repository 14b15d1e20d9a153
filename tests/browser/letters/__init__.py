"""Letters: written, signed and back, copied into Srikandi."""
