"""Reports for the head of office: page, PDF and spreadsheet from one content. Start with views.py; content.py has the words."""
