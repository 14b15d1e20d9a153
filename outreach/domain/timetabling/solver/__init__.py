"""The task as a model for OR-Tools' CP-SAT. Needs the extra `planner`.

Start with model.py (choices and hard rules), then pairs.py (what two activities mean to each other), objective.py
(costs) and solve.py. conflicts.py explains why not everything fits.
"""
