"""What the child processes of a test load: sitecustomize.py sets their clock."""
