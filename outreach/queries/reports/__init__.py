"""What the head of office reads: the figures of a programme or of a period. Start with figures.py.

people.py counts people by place, sex and age, and hides what is too small to be shown.
"""
