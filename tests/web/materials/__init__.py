"""Tests of the pages with speakers' materials, for staff."""
