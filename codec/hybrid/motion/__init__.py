"""Motion between the pictures of a GoP: estimated by the encoder, coded as a smooth field, and used to predict."""
