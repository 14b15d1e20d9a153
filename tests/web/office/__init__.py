"""Pages of the office, accounts and the audit log."""
