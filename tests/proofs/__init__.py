"""Proofs by command: what is too slow, or asks for files of one's own, and is not collected by pytest."""
