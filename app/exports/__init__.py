"""Out of the window: frames as files."""
