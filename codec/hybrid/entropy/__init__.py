"""Entropy coding of integers: adaptive binary range coding, symbols of latents by it, varints."""
