"""What people ask about their data (requests.py), and how long data is kept (retention.py). Start with requests.py."""
