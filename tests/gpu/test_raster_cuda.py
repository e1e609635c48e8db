"""gsplat on a card, held to the same reference by the same test body as the CPU."""

import pytest

from reconstruction.raster.cuda_state import cuda_state
from tests.reconstruction.raster_world import check_gradients
from tests.reconstruction.raster_world import check_pictures
from tests.reconstruction.raster_world import crowded_splats
from tests.reconstruction.raster_world import slanted_camera


STATE = cuda_state()
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not STATE.usable, reason=f"CUDA cannot be used: {STATE.reason}"),
]


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_the_card_draws_what_the_reference_draws(degree):
    from reconstruction.raster.cuda import CudaRasterizer

    check_pictures(CudaRasterizer(), crowded_splats(degree=degree, seed=degree), slanted_camera(), "cuda")


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_the_card_goes_back_as_the_reference_does(degree):
    from reconstruction.raster.cuda import CudaRasterizer

    check_gradients(CudaRasterizer(), crowded_splats(degree=degree, seed=degree), slanted_camera(), "cuda")
