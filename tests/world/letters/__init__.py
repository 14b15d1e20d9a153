"""Letters on paper and signed: an authority, small PDFs, and letters that were accepted."""
