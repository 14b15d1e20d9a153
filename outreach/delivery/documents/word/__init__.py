"""Letters as .docx, for Word and for Srikandi. Start with letters.py; form.py is the template that Outreach comes with.

render.py runs process.py, a process of its own: offices may upload templates, which are not trusted.
"""
