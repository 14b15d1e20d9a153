"""Just before sending: is each line of a message still true?

Start with judge.py. The rule itself is domain/mail/still_true.py. moves_told.py finds moves that a recipient does not
know yet.
"""
