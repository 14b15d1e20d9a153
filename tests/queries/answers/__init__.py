"""The data of an answer page, and its number of queries."""
