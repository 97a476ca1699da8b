"""The screen of the blind test: set-up, trials, result."""
