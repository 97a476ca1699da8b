"""Video autoencoders: pictures of a GoP to its latent L and back."""
