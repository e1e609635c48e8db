"""How long photos and videos take to become frames.

    python benchmarks/frames.py [CAPTURE ...] [--check]

Without a capture: the fox's fifty photos (1080 x 1920, scaled to 900 x 1600) and the GoPro walk (315 frames). Figures:

- every one of the fox's photos is kept
- the fox takes at most 5 CPU-seconds for the whole stage: reading, measuring, choosing, writing
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import report  # first: makes the packages of the checkout importable

from reconstruction.configs import FramesConfig
from reconstruction.frames.find_frames import find_frames
from reconstruction.progress import Progress


DATA = report.ROOT.parent / "shared" / "data"
FOX = DATA / "fox" / "images"
DEFAULTS = (FOX, DATA / "video" / "gopro_max_heromode.mp4")


def measured(capture: Path) -> dict[str, Any]:
    """Wall and CPU seconds of the stage for one capture, and how many frames it gave."""
    with tempfile.TemporaryDirectory() as folder:
        begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
        frames = find_frames([capture], Path(folder) / "frames", FramesConfig(), Progress())
        return {
            "capture": capture.name if capture.name != "images" else capture.parent.name,
            "frames": len(frames.frames),
            "dropped": len(frames.dropped),
            "cpu_s": round(time.process_time() - begin_cpu_s, 2),
            "wall_s": round(time.perf_counter() - begin_s, 2),
        }


def main() -> None:
    parser = report.arguments(__doc__)
    parser.add_argument(
        "captures", nargs="*", type=Path, help="files or folders; the fox and a walk where none is named"
    )
    options = parser.parse_args()
    captures = [capture for capture in options.captures or DEFAULTS if capture.exists()]
    results = [measured(capture) for capture in captures]
    fox = next((result for capture, result in zip(captures, results) if capture.resolve() == FOX.resolve()), None)
    figures = [
        report.Figure("fox_frames", fox["frames"] if fox else None, 50, "at least"),
        report.Figure("fox_cpu_s", fox["cpu_s"] if fox else None, 5.0, "at most"),
    ]
    report.finish(__file__, {"captures": results}, figures, options.check)


if __name__ == "__main__":
    main()
