"""Pages of letters. Start with views.py: the list, a new letter, and one letter. settings.py is how letters are written,
word.py what leaves for Word and Srikandi."""
