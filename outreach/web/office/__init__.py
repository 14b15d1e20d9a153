"""Pages for administrators: the office, staff accounts, and the audit log.

Start with office.py. accounts.py says who may sign in, audit.py shows who changed what; audit_words.py holds its
sentences.
"""
