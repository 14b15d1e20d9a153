"""Pages of mails received: the list, recording an answer, addresses that mail does not reach."""
