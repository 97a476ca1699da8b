"""A blind test from its set-up to its result, without a widget."""
