"""The directory as a file: importing and exporting 100,000 people. Start with importing.py."""
