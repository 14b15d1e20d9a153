"""Names, addresses, phone numbers and spreadsheets as people write them."""
