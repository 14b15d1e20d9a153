"""The catalogues of what the pages and mails say. English message ids; Indonesian is complete, a test says so."""
