"""Lists and pages of activities and programmes, and previews before saving."""
