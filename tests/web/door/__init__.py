"""The door: the address in a code, codes on paper, and the page for devices."""
