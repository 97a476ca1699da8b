"""Parts beside and below the pictures."""
