"""Pages of signing in beside Flask-Security's own: one's account, a new password by mail. Start with first.py.

Flask-Security's pages have their templates in templates/security; frame/accounts fits them to us.
"""
