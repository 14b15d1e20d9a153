"""People: their list and records, what they may ask for (their link, their data, its erasure), and importing many."""
