"""Official letters: made from the plan, composed in versions, and how the office writes them.

Start with make.py, then compose.py. facts.py reads what a letter says, settings.py the letterhead and the texts, which
edit_settings.py tries and changes. document.py typesets, plan.py
takes over what changed in the plan.
"""
