"""Which mails are due when and for which readers: rules, texts, the forecast, and the messages themselves.

Start with tick.py: it takes the reminders that are due, and expand.py writes their messages. schedule.py writes an
activity's reminders; audiences.py says who gets one; forecast.py predicts all that.
"""
