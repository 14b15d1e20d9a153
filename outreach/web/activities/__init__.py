"""Pages of one activity: list, new, edit, agenda, publish, move, cancel and delete.

Start with views.py. publish_move_cancel.py holds the pages that send mail; they first show the forecast. blueprint.py
holds the shared blueprint.
"""
