"""Messages as plain rows, read in few queries: what recheck and composing work on.

Start with message_rows.py: a whole batch. stored_rows.py reads single messages, for previews.
"""
