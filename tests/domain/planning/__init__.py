"""The plan as values: absences, office hours, working days, travel time."""
