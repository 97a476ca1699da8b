"""Blind tests: which rate one sees as equal to another, asked by pictures alone. NumPy, and nothing of the rest."""
