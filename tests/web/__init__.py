"""Pages requested over HTTP: what they show, what their buttons do, and who may use them."""
