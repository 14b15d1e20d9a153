"""Kota Layak Anak (KLA): the indicators of a year, and the evidence that each expects. Start with indicators.py."""
