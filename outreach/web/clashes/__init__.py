"""Clashes on pages: their list, how they are shown elsewhere, and links to their resolutions.

Start with views.py. shown.py groups them, resolutions.py says where each resolution leads, in_forms.py shows them
before something is saved. Their sentences are delivery/words/clashes.py.
"""
