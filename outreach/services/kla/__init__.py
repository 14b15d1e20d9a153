"""Kota Layak Anak (KLA): the list of indicators of each year, tags of activities, bundles of evidence. Start with lists.py."""
