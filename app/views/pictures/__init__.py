"""Panes: takes side by side, and what is drawn over them."""
