"""The newest splats travel by three files and a pointer."""

import threading
from pathlib import Path

import numpy as np

from app.preview import MOST_GAUSSIANS
from app.preview import SLOTS
from app.preview import read_preview
from app.preview import write_preview
from reconstruction.gaussians import Gaussians
from reconstruction.harmonics import coefficients


def splats(count: int, value: float, degree: int = 1) -> Gaussians:
    return Gaussians(
        np.full((count, 3), value, np.float32),
        np.full((count, 4), 0.5, np.float32),
        np.full((count, 3), value, np.float32),
        np.full(count, value, np.float32),
        np.full((count, coefficients(degree), 3), value, np.float32),
    )


def test_a_reader_gets_the_newest_whole(tmp_path: Path) -> None:
    folder = tmp_path / "preview"
    assert read_preview(folder) is None
    for number in range(7):
        assert write_preview(folder, splats(100 + number, float(number), degree=3)) == number
        newest = read_preview(folder)
        assert newest is not None
        assert newest.number == number
        assert len(newest.gaussians) == 100 + number
        assert newest.gaussians.degree == 1
        assert (newest.gaussians.means == number).all()
        assert (newest.gaussians.quats == 0.5).all()
        assert (newest.gaussians.sh == number).all()
    assert len(list(folder.glob("*.npy"))) == SLOTS


def test_a_file_that_a_reader_has_open_is_never_changed_under_it(tmp_path: Path) -> None:
    write_preview(tmp_path, splats(50, 1.0))
    opened = (tmp_path / "1.npy").open("rb")
    with opened:
        for number in range(5):
            write_preview(tmp_path, splats(60, float(number)))
        assert (np.load(opened)[:, :3] == 1.0).all()


def test_many_gaussians_are_sampled_the_same_way_each_time(tmp_path: Path) -> None:
    many = splats(MOST_GAUSSIANS + 1000, 1.0, degree=0)
    write_preview(tmp_path, many)
    first = read_preview(tmp_path)
    write_preview(tmp_path, many)
    second = read_preview(tmp_path)
    assert first is not None
    assert second is not None
    assert len(first.gaussians) == MOST_GAUSSIANS
    assert np.array_equal(first.gaussians.means, second.gaussians.means)


def test_a_reader_beside_a_writer_always_sees_one_whole_preview(tmp_path: Path) -> None:
    seen: list[int] = []
    write_preview(tmp_path, splats(2_000, 0.0))

    def read() -> None:
        while not done.is_set():
            preview = read_preview(tmp_path)
            seen.append(0 if preview is None else len(np.unique(preview.gaussians.means)))

    done = threading.Event()
    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 40):
        write_preview(tmp_path, splats(2_000, float(number)))
    done.set()
    reader.join()
    assert set(seen) == {1}
