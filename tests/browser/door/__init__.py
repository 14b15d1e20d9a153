"""The day itself: the list at the door, without a connection too."""
