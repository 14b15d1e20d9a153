"""What an answer page shows: the invitee of the link and everything they are invited to.

Start with page.py; poll.py is the page of one date poll. page_sql.py holds the statements of page.py. They are built
once, because after a mailing hundreds of phones open the page at the same time.
"""
