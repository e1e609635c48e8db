"""The CPU rasteriser's kernels: numba with explicit SIMD values.

The order of work, one file each: ``project`` (splats into the image), ``bin`` (which tiles they touch, in depth order),
``blend`` (the picture), ``ssim`` (the loss and its gradient), ``blend_backward``, ``project_backward``, ``adam``.
``canvas`` owns the buffers between them; ``compiled`` sees to it that kernels are there to load. Every loop writes to
places of its own, so results are the same to the bit for any number of threads, and in every process.
"""

from reconstruction.raster.kernels.cache import prepare


prepare()  # must precede the first import of numba, which every file of this folder makes
