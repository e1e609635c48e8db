"""From a scene to gaussians: one loop over two engines."""
