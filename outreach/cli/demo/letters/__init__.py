"""The demo's letters, one of them signed by an authority of its own. Start with write.py."""
