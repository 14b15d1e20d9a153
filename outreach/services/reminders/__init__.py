"""Which mails are due, when and for which recipients: rules, texts, the forecast, and the messages.

Start with tick.py: it takes the reminders that are due, and expand.py writes their messages. schedule.py writes an
activity's reminders; audiences.py selects who gets one; forecast.py predicts the mails.
"""
