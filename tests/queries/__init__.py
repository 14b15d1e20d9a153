"""What pages read: correct values in a fixed number of queries."""
