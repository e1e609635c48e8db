"""A process that trains a crowded little world for twelve steps and prints what came out, one line an array.

    python -m tests.reconstruction.twelve_steps

The last line names the kernels that this very process compiled.
"""

import hashlib
import sys

from numba.core.dispatcher import Dispatcher
from numpy.typing import NDArray

from reconstruction.raster.cpu import CpuRasterizer
from reconstruction.training.engine.cpu import CpuEngine
from tests.reconstruction.raster_world import check_gradients
from tests.reconstruction.raster_world import crowded_splats
from tests.reconstruction.raster_world import slanted_camera
from tests.reconstruction.test_engines import RATES
from tests.reconstruction.test_engines import view_of


def main() -> None:
    engine = CpuEngine(crowded_splats(count=3000).gaussians(), threads=2)
    views = [view_of(slanted_camera((160, 120)), "a"), view_of(slanted_camera((90, 110)), "b", masked=True)]
    for step in range(12):
        engine.step(views[step % 2], RATES)
    picture = engine.render(views[0].camera, (0.0, 0.0, 0.0), RATES.sh_degree)
    for name, array in {**engine.state().arrays, "rgb": picture.rgb, "depth": picture.depth}.items():
        print(name, fingerprint(array))
    check_gradients(CpuRasterizer(threads=2), crowded_splats(count=30), slanted_camera())
    print("compiled here:", *compiled_here())


def fingerprint(array: NDArray) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()


def compiled_here() -> list[str]:
    modules = [module for name, module in sys.modules.items() if name.startswith("reconstruction.raster.kernels.")]
    functions = {value for module in modules for value in vars(module).values() if isinstance(value, Dispatcher)}
    return sorted(function.__name__ for function in functions if function.stats.cache_misses)


if __name__ == "__main__":
    main()
