"""The pages behind an invitee's link: see the invitations, answer, unsubscribe. No login, no script.

Start with views.py. forms.py explains why a post is trusted without a cookie, draw.py how a page stays within 14 KB.
Opening a page changes nothing.
"""
