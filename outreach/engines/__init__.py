"""What runs the work: when and where, never what.

Start with loop.py: one round of work. embedded.py runs it in one process, distributed.py on PostgreSQL with
Procrastinate. chores.py lists what else is done, and how often.
"""
