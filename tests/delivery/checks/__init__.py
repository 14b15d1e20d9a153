"""What the checks say of a mail server, a mailbox and DNS, with real servers."""
