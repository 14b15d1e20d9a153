"""What the pages of the office show. Start with pages.py: the office and its accounts. audit_log.py reads the audit log."""
