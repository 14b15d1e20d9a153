"""A search from the request to the applied proposal."""
