"""Widgets: thin, they show state and trigger actions."""
