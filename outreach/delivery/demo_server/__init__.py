"""The demo's own SMTP server. It keeps every mail in a folder and forwards nothing.

Start with server.py. kept_mail.py reads a kept mail for the page web/demo_mailbox.py.
"""
