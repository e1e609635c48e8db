"""One training step, three ways: cpu (fused numba), cuda (torch and gsplat), reference (slow and obvious)."""
