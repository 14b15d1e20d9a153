"""What the pages of letters show. Start with `pages.py`: the list, and one letter.

`choice.py`: who a letter can be for. `mailed.py`: how far signed letters got by mail. `returned.py`: what came back, and the
check page.
"""
