"""The standard PLY: exact round trips, every legal variant is read, everything else is refused with a reason."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from plyfile import PlyData
from plyfile import PlyElement

from reconstruction.errors import UnknownFormat
from reconstruction.errors import UnreadableFile
from reconstruction.formats import files
from reconstruction.gaussians import Gaussians
from reconstruction.harmonics import coefficients
from tests.places import shared_data


def some_gaussians(count: int = 20, degree: int = 3, seed: int = 0) -> Gaussians:
    rng = np.random.default_rng(seed)
    quats = rng.normal(size=(count, 4)).astype(np.float32)
    return Gaussians(
        rng.normal(size=(count, 3)).astype(np.float32),
        (quats / np.linalg.norm(quats, axis=1, keepdims=True)).astype(np.float32),
        rng.normal(-3, 1, size=(count, 3)).astype(np.float32),
        rng.normal(size=count).astype(np.float32),
        rng.normal(size=(count, coefficients(degree), 3)).astype(np.float32),
    )


def assert_same(left: Gaussians, right: Gaussians) -> None:
    for name in ("means", "log_scales", "logit_opacities", "sh"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))
    np.testing.assert_allclose(left.quats, right.quats, atol=1e-6)  # normalised once more while reading


@settings(max_examples=20)
@given(count=st.integers(0, 30), degree=st.integers(0, 3), seed=st.integers(0, 1000))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, count: int, degree: int, seed: int
) -> None:
    path = tmp_path_factory.mktemp("ply") / "splat.ply"
    gaussians = some_gaussians(count, degree, seed)
    files.write(path, gaussians)
    assert_same(files.read(path), gaussians)
    assert [entry.name for entry in path.parent.iterdir()] == ["splat.ply"]


@pytest.mark.parametrize(("text", "byte_order"), [(True, "="), (False, ">"), (False, "<")])
def test_ascii_big_endian_other_orders_and_missing_normals_are_read(
    tmp_path: Path, text: bool, byte_order: str
) -> None:
    files.write(tmp_path / "plain.ply", some_gaussians())
    table = np.array(PlyData.read(str(tmp_path / "plain.ply"))["vertex"].data)
    names = [name for name in (table.dtype.names or ())[::-1] if name not in ("nx", "ny", "nz")]
    other = np.empty(len(table), dtype=[(name, "f8") for name in names])
    for name in names:
        other[name] = table[name]
    PlyData([PlyElement.describe(other, "vertex")], text=text, byte_order=byte_order).write(str(tmp_path / "other.ply"))
    assert_same(files.read(tmp_path / "other.ply"), some_gaussians())


def test_colour_coefficients_lie_channel_by_channel_as_the_original_has_them(tmp_path: Path) -> None:
    gaussians = some_gaussians()
    files.write(tmp_path / "splat.ply", gaussians)
    table = PlyData.read(str(tmp_path / "splat.ply"))["vertex"].data
    np.testing.assert_array_equal(table["f_rest_0"], gaussians.sh[:, 1, 0])
    np.testing.assert_array_equal(table["f_rest_15"], gaussians.sh[:, 1, 1])
    np.testing.assert_array_equal(table["f_rest_44"], gaussians.sh[:, 15, 2])


def test_another_programs_file_is_read() -> None:
    gaussians = files.read(shared_data("splats") / "lod2_tile_0.ply")
    assert (len(gaussians), gaussians.degree) == (6831, 3)
    np.testing.assert_allclose(np.linalg.norm(gaussians.quats, axis=1), 1, atol=1e-6)


def damaged(path: Path, how: str) -> None:
    files.write(path, some_gaussians())
    content = path.read_bytes()
    table = {
        "empty": b"",
        "text": b"dear diary, nothing happened today\n",
        "cut in the header": content[:100],
        "cut in the rows": content[: len(content) // 2],
        "absurd count": content.replace(b"element vertex 20", b"element vertex 1099511627776"),
        "negative count": content.replace(b"element vertex 20", b"element vertex -5"),
        "no opacity": content.replace(b"float opacity", b"float opaqueness"),
        "not a number": content[:-4] + np.float32(np.nan).tobytes(),
        "no vertices": content.replace(b"element vertex 20", b"element edge 20"),
    }
    path.write_bytes(table[how])


@pytest.mark.parametrize(
    "how",
    [
        "empty",
        "text",
        "cut in the header",
        "cut in the rows",
        "absurd count",
        "negative count",
        "no opacity",
        "not a number",
        "no vertices",
    ],
)
def test_a_damaged_file_is_refused_with_a_reason(tmp_path: Path, how: str) -> None:
    path = tmp_path / "damaged.ply"
    damaged(path, how)
    with pytest.raises(UnreadableFile) as caught:
        files.read(path)
    assert caught.value.reason


def test_an_unknown_suffix_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat) as caught:
        files.write(tmp_path / "splat.doc", some_gaussians())
    assert ".ply" in caught.value.known


def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "splat.ply"
    files.write(path, some_gaussians(seed=1))

    def full(stream: object, gaussians: Gaussians) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(files.WRITERS, ".ply", full)
    with pytest.raises(OSError, match="No space left"):
        files.write(path, some_gaussians(seed=2))
    assert_same(files.read(path), some_gaussians(seed=1))
    assert [entry.name for entry in tmp_path.iterdir()] == ["splat.ply"]
