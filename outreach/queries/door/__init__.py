"""What the door shows. Start with codes.py: whose code it is, and the codes of all who may come."""
