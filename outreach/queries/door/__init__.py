"""What the door shows. Start with codes.py: whose code it is, and the codes of all who may come.

`manifest.py`: what a device keeps of an activity's list.
"""
