"""What an answer page shows, and how many queries it takes."""
