"""The engines: they decide when and where work runs, never what is done.

Start with loop.py: one round of work. embedded.py runs it in one process, distributed.py on PostgreSQL with
Procrastinate. chores.py lists the other periodic work and its intervals.
"""
