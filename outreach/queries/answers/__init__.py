"""What an answer page shows: the invitee of the link and everything they are invited to.

Start with page.py. page_sql.py holds its statements, built once, because three hundred phones open the page after
a mailing.
"""
