"""Recording whether an invitee comes, does not come, or is represented.

Start with answer.py: answers by link or calendar program. record.py holds answers that staff heard, for example by
phone. nominees.py stores the people that an organisation names.
"""
