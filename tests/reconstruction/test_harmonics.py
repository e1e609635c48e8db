"""Spherical harmonics: the basis is orthonormal, and colour comes back out as it went in."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reconstruction.harmonics import basis
from reconstruction.harmonics import coefficients
from reconstruction.harmonics import colour_from_sh
from reconstruction.harmonics import colours_towards
from reconstruction.harmonics import degree_of
from reconstruction.harmonics import sh_from_colour


def sphere(count: int) -> np.ndarray:
    """Directions (count, 3) spread evenly over the sphere (a Fibonacci spiral)."""
    index = np.arange(count) + 0.5
    z = 1 - 2 * index / count
    turn = np.pi * (1 + 5**0.5) * index
    across = np.sqrt(1 - z * z)
    return np.stack([across * np.cos(turn), across * np.sin(turn), z], axis=1)


def test_the_basis_is_orthonormal_over_the_sphere() -> None:
    values = basis(sphere(20_000), 3)
    gram = 4 * np.pi * values.T @ values / len(values)
    np.testing.assert_allclose(gram, np.eye(16), atol=1e-3)  # a sum over 20,000 directions stands in for the integral


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_the_basis_equals_gsplats(degree: int) -> None:
    from gsplat.cuda._torch_impl import _eval_sh_bases_fast

    directions = sphere(50)
    theirs = _eval_sh_bases_fast(coefficients(degree), torch.tensor(directions)).numpy()
    np.testing.assert_allclose(basis(directions, degree), theirs, atol=1e-7)


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_colour_survives_the_way_through_the_constant_coefficient(colour: list[float]) -> None:
    np.testing.assert_allclose(colour_from_sh(sh_from_colour(np.array(colour))), colour, atol=1e-12)


def test_the_constant_coefficient_shows_the_same_colour_from_everywhere_and_never_below_black() -> None:
    sh = np.zeros((50, 16, 3))
    sh[:, 0] = sh_from_colour(np.array([0.2, 0.9, -0.4]))
    np.testing.assert_allclose(colours_towards(sh, sphere(50)), np.tile([0.2, 0.9, 0.0], (50, 1)), atol=1e-12)


def test_a_count_of_no_degree_is_refused() -> None:
    assert [degree_of(count) for count in (1, 4, 9, 16)] == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="7 coefficients"):
        degree_of(7)
