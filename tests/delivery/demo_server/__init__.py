"""The demo's SMTP server: what it stores, and what its page shows."""
