"""People, organisations and regions; imports from spreadsheets."""
