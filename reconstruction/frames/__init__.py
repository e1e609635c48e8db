"""From photos and videos to frames: upright, sharp, well spread, of a size to work with."""
