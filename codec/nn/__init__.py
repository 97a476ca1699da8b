"""What networks of all codecs share."""
