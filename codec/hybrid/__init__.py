"""The hybrid codec: motion-compensated prediction, corrected by quadtrees of blocks."""
