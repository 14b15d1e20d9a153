"""Just before sending: is each line of a message still true?

Start with judge.py. The rule itself is domain/mail/still_true.py. moves_told.py says which move a reader does not
know yet.
"""
