"""Pages requested over HTTP: what they show, what a press does, who may do it."""
