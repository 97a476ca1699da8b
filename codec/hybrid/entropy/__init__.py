"""Entropy coding of integers: adaptive binary range coding, bits mixed of several contexts."""
