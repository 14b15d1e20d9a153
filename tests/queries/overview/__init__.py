"""The start page: numbers, what needs attention, number of queries."""
