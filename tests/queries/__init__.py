"""What pages read: right values in a fixed number of queries."""
