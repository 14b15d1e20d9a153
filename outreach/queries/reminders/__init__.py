"""What the pages of reminder rules and mail texts show, for the office, a programme or an activity. Start with rules.py."""
