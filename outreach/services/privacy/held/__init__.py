"""What is held about a person, one file for each subject: `held` exports it, `forget` erases it.

Start with given_answers.py. outreach/services/privacy/person.py calls them all inside its transaction; a new table that holds
a name needs code here, and a line in outreach/models/personal.py.
"""
