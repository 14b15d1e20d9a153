"""Recording whether an invitee comes, does not come, or is represented.

Start with answer.py: answers by link or by calendar. record.py is for answers that staff heard by phone;
nominees.py stores the people that an organisation names.
"""
