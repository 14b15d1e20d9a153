"""Downloads from foreign addresses: limits, redirects, private networks."""
