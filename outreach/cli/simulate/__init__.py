"""Plays the demo to its end on a simulated clock, and checks it: nothing sent twice, nothing missed.

Start with play.py, which runs the story. check.py compares what was sent with what was forecast.
"""
