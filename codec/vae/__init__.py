"""The codec after "Perceptual neural video compression with video variational autoencoder at low bitrates": a video VAE
whose latent is transform coded, one group of pictures at a time, without motion estimation."""
