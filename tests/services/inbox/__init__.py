"""The effects of incoming answers, letters and delivery reports, in any order."""
