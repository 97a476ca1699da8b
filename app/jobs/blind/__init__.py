"""What a blind test needs done: encodes of its segment at every level, and lines added to its journal."""
