"""Curves, statistics and quality over rate."""
