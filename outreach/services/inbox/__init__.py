"""The effect of an incoming mail: a recorded answer, a blocked address, or work for a coordinator.

Start with receive.py: one mail, one transaction. calendar_replies.py records answers, delivery_reports.py handles
bounces, handled.py marks mails as handled. delivery/inbox parses the mails.
"""
