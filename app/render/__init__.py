"""Pictures to pixels, off the GUI thread."""
