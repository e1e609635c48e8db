"""The standard 3DGS PLY (Kerbl et al. 2023): one vertex a gaussian, raw parameters, colour channel by channel."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from plyfile import PlyData
from plyfile import PlyElement
from plyfile import PlyHeaderParseError
from plyfile import PlyParseError

from reconstruction.errors import UnreadableFile
from reconstruction.gaussians import Gaussians
from reconstruction.harmonics import coefficients


CORE = ("x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity")
SCALES = ("scale_0", "scale_1", "scale_2")
QUATS = ("rot_0", "rot_1", "rot_2", "rot_3")


def write_ply(stream: BinaryIO, gaussians: Gaussians) -> None:
    """Written as binary little-endian, with the zero normals that some readers of this layout insist on."""
    rest = (coefficients(gaussians.degree) - 1) * 3
    names = ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"]
    names += [f"f_rest_{index}" for index in range(rest)] + ["opacity", *SCALES, *QUATS]
    table = np.zeros(len(gaussians), dtype=[(name, "<f4") for name in names])
    columns = {
        ("x", "y", "z"): gaussians.means,
        ("f_dc_0", "f_dc_1", "f_dc_2"): gaussians.sh[:, 0],
        tuple(f"f_rest_{index}" for index in range(rest)): gaussians.sh[:, 1:]
        .transpose(0, 2, 1)
        .reshape(len(gaussians), rest),
        ("opacity",): gaussians.logit_opacities[:, None],
        SCALES: gaussians.log_scales,
        QUATS: gaussians.quats,
    }
    for group, values in columns.items():
        for index, name in enumerate(group):
            table[name] = values[:, index]
    PlyData([PlyElement.describe(table, "vertex")], byte_order="<").write(stream)


def read_ply(path: Path) -> Gaussians:
    """The gaussians of a 3DGS PLY: any byte order or ASCII, properties in any order, with or without normals.

    Raises UnreadableFile for anything else, for values that are not finite and for fewer rows than the header claims.
    """
    vertices = _vertices(path)
    names = vertices.dtype.names or ()
    missing = [name for name in (*CORE, *SCALES, *QUATS) if name not in names]
    if missing:
        raise UnreadableFile(path, f"no gaussians in it: property {missing[0]!r} is missing")
    rest = sum(name.startswith("f_rest_") for name in names)
    if rest not in (0, 9, 24, 45):
        raise UnreadableFile(path, f"{rest} colour coefficients belong to no degree of spherical harmonics")
    sh = np.empty((len(vertices), 1 + rest // 3, 3), np.float32)
    sh[:, 0] = _columns(vertices, ("f_dc_0", "f_dc_1", "f_dc_2"))
    rest_columns = _columns(vertices, tuple(f"f_rest_{index}" for index in range(rest)))
    sh[:, 1:] = rest_columns.reshape(len(vertices), 3, rest // 3).transpose(0, 2, 1)
    quats = _columns(vertices, QUATS)
    lengths = np.linalg.norm(quats, axis=1, keepdims=True)
    arrays = (_columns(vertices, ("x", "y", "z")), quats, _columns(vertices, SCALES), sh)
    if not all(np.isfinite(array).all() for array in arrays):
        raise UnreadableFile(path, "some of its numbers are infinite or not numbers at all")
    logits = np.nan_to_num(_columns(vertices, ("opacity",))[:, 0], posinf=20.0, neginf=-20.0)  # writers clip 0 and 1 so
    unit = np.where(lengths > 1e-12, quats / np.maximum(lengths, 1e-12), np.array([1, 0, 0, 0], np.float32))
    return Gaussians(arrays[0], unit.astype(np.float32), arrays[2], logits, sh)


def _vertices(path: Path) -> NDArray[np.void]:
    try:
        data = PlyData.read(str(path))
        return np.asarray(data["vertex"].data)
    except (PlyHeaderParseError, PlyParseError, UnicodeDecodeError) as error:
        raise UnreadableFile(path, f"not a PLY file: {error}") from error
    except KeyError as error:
        raise UnreadableFile(path, "it holds no vertices") from error
    except (ValueError, OverflowError, MemoryError) as error:
        raise UnreadableFile(path, "it is shorter than its header claims") from error


def _columns(vertices: NDArray[np.void], names: tuple[str, ...]) -> NDArray[np.float32]:
    """(N, len(names)), native float32."""
    columns = np.empty((len(vertices), len(names)), np.float32)
    for index, name in enumerate(names):
        columns[:, index] = vertices[name]
    return columns
