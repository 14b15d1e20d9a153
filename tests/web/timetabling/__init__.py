"""Pages of automatic timetabling."""
