"""Messages as plain rows, read in few queries. The recheck and the composing of mails use them.

Start with batch.py: a whole batch. stored.py reads single messages, for previews.
"""
