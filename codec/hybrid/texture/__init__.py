"""How strong an anchor's detail is: measured by the encoder, coded by cells, put right in the decoded picture."""
