"""What training keeps of its photos: as much as fits, at the size that is asked for now."""

from dataclasses import dataclass

from reconstruction.training.shelf import Shelf


COARSE, FINE = (32, 24), (64, 48)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    size_bytes: int


def asked(shelf: Shelf[Block], names: str, size_px: tuple[int, int], size_bytes: int) -> list[Block]:
    return [shelf.of(name, size_px, lambda: Block(size_bytes)) for name in names]


def test_what_fits_is_kept_and_the_rest_made_anew() -> None:
    shelf: Shelf[Block] = Shelf(room_bytes=25)
    first, again = (asked(shelf, "abc", FINE, 10) for _ in range(2))
    assert [one is other for one, other in zip(first, again)] == [True, True, False]


def test_a_small_thing_still_fits_where_a_large_one_does_not() -> None:
    shelf: Shelf[Block] = Shelf(room_bytes=15)
    asked(shelf, "a", FINE, 10)
    asked(shelf, "b", FINE, 10)
    small = asked(shelf, "c", FINE, 5)
    assert asked(shelf, "c", FINE, 5) == small


def test_coarse_photos_do_not_keep_the_room_once_fine_ones_are_asked_for() -> None:
    """They did: the card's budget was full of half-size photos for the rest of the training."""
    shelf: Shelf[Block] = Shelf(room_bytes=40)
    asked(shelf, "abcdefgh", COARSE, 5)
    for _ in range(2):
        asked(shelf, "abcdefgh", FINE, 20)
    first, again = (asked(shelf, "abcdefgh", FINE, 20) for _ in range(2))
    assert sum(one is other for one, other in zip(first, again)) == 2
