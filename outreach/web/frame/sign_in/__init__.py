"""Who is signed in, on which device, and what a request does that is not signed in any more. Start with sessions.py."""
