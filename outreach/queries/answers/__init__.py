"""What an answer page shows: the invitee of the link and everything they are invited to.

Start with page.py. page_sql.py holds its statements. They are built once, because after a mailing hundreds of phones
open the page at the same time.
"""
