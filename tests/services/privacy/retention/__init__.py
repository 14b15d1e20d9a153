"""What is erased when its time is over, what stays, and what a preview says of it."""
