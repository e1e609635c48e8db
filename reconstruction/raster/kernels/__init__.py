"""The CPU rasteriser's kernels: numba with explicit SIMD values.

The order of work, one file each: ``project`` (splats into the image), ``bin`` (which tiles they touch, in depth order),
``blend`` (the picture), ``ssim`` (the loss and its gradient), ``blend_backward``, ``project_backward``, ``adam``.
``canvas`` owns the buffers between them. Every loop writes to places of its own, so results are the same to the bit for
any number of threads.
"""

from reconstruction.raster.kernels.cache import prepare


prepare()  # must precede the first import of numba, which every file of this folder makes
