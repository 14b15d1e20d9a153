"""Plays the demo to its end on a simulated clock, and checks it: nothing sent twice, nothing missed."""
