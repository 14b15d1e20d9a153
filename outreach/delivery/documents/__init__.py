"""Letters on paper. Start with letters.py for what leaves, with returned_pdf.py for what comes back.

typst (typeset.py) and the readers of PDFs each run in a process of their own.
"""
