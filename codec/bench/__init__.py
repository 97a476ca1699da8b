"""Folders of clips in; rates, scores, curves and Bjøntegaard rates out. Each point is made by a process of its own."""
