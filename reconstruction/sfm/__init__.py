"""From frames to cameras: structure from motion with pycolmap, and an honest word about the result."""
