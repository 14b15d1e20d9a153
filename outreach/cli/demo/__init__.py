"""The demo: made-up people and organisations of Kota Metro, loaded through the services.

Start with load.py. names.py and content.py have the names and texts, planner.py the absences and clashes.
"""
