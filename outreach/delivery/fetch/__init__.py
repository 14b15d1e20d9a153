"""Downloads from addresses that somebody else gave, without reaching this machine's own network.

Start with fetch.py. public_addresses.py says which addresses are public, problems.py why a download failed.
"""
