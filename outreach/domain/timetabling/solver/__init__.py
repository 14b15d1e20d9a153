"""The task as a model for OR-Tools' CP-SAT. Needs the extra `planner`.

Start with model.py (choices and hard rules), then pairs.py (rules between two activities), objective.py (costs) and solve.py.
Where the heuristic leaves some out, whole.py finds times for all (times.py), and then venues. conflicts.py explains why not
everything can be scheduled.
"""
