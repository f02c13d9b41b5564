"""The networks, one per file, and their weights; torch lives here."""
