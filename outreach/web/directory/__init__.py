"""Pages of the address book: organisations and venues here, people in people/.

Start with organisations.py. invitee_actions.py holds what staff do to both people and organisations: a new answer link,
stopped reminders.
"""
