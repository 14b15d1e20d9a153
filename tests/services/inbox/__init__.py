"""What incoming answers, letters and delivery reports cause, in any order."""
