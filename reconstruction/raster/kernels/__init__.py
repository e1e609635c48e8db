"""The CPU rasteriser's kernels: numba with explicit SIMD values."""
