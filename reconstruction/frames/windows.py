"""Windows of time, from each of which a video gives its sharpest frame."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from reconstruction.configs import FramesConfig


@dataclass(frozen=True, slots=True)
class Windows:
    begins_s: tuple[float, ...]
    """When each begins; the last has no end."""

    def at(self, time_s: float) -> int:
        """The window in which that moment lies."""
        return max(0, bisect_right(self.begins_s, time_s) - 1)


def windows_wanted(duration_s: float, frames: int, config: FramesConfig) -> int:
    """How many windows a video of that length has: two a second, 40 at least, 300 at most, never more than frames."""
    by_time = round(duration_s * config.video_windows_per_second)
    return max(1, min(frames, config.video_most, max(config.video_least, by_time)))


def even_windows(duration_s: float, count: int) -> Windows:
    """Of equal length: what is planned from a video's claims."""
    return Windows(tuple(duration_s * index / count for index in range(count)))


def filled_windows(times_s: Sequence[float], count: int) -> Windows:
    """Of equally many frames: no window stays empty, however unevenly a video was recorded."""
    return Windows(tuple(times_s[len(times_s) * index // count] for index in range(count)))
