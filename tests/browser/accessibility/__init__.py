"""What hinders people who do not see, hear or point as others do. Start at engines.py: two engines check each page."""
