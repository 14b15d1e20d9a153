"""An activity's values (values.py) and what its coordinator does next (next_step.py). Start with values.py."""
