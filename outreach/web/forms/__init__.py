"""The forms of the pages, one file per subject."""
