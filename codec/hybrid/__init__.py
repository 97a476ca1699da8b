"""The hybrid codec: motion-compensated prediction, quadtrees of blocks, networks for what these miss."""
