"""Pages of absences of people, organisations and venues."""
