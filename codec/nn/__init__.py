"""What networks share, of codecs and metrics: where they run, reading their weights."""
