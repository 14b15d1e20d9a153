"""Documents on paper: letters as PDF. Start with letters.py; typeset.py runs typst, in a process of its own."""
