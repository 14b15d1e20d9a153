"""Kota Layak Anak (KLA): the pages of a year and of its indicators, tags, lists, and what goes into a bundle.

Start with views.py; parts.py plans the files of a bundle.
"""
