"""Training of the hybrid codec's networks."""
