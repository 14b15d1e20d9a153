"""The checks of a mail server, a mailbox and DNS, against real servers."""
