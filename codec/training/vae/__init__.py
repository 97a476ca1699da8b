"""Training of the `vae` codec: `seamscope train CONFIG`."""
