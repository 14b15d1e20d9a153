"""The task as a model for OR-Tools' CP-SAT. Needs the extra `planner`.

Start with model.py (choices and hard rules), then pairs.py (rules between two activities), objective.py (costs)
and solve.py. conflicts.py explains why not everything can be scheduled.
"""
