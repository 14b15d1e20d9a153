"""Requests of pages: how many a second, beside a bare page (bare.py); searching; inviting together. Start with pages.py."""
