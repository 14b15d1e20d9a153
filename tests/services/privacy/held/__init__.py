"""What each subject holds about a person, exported and erased."""
