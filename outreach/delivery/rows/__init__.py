"""Messages as plain rows, read in few queries. The recheck and the composing of mails use them.

Start with message_rows.py: a whole batch. stored_rows.py reads single messages, for previews.
"""
