"""What pages of letters and certificates share: pictures of pages, downloads, many documents as one file, check pages.

Start with preview.py; bundles.py follows a file that is being made, check.py makes a check page.
"""
