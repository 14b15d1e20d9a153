"""Letters as .docx, read back, and hostile templates."""
