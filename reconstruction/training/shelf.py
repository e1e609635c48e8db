"""Shelf: what was made of photos and will be wanted again, as far as there is room for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic
from typing import Protocol
from typing import TypeVar


class Sized(Protocol):
    @property
    def size_bytes(self) -> int: ...


Thing = TypeVar("Thing", bound=Sized)


@dataclass(frozen=True, slots=True, eq=False)
class _Place(Generic[Thing]):
    size_px: tuple[int, int]
    thing: Thing


class Shelf(Generic[Thing]):
    """One thing a photo. A photo that comes in another size takes its old thing down.

    Nothing else is taken down: in a shuffled order, a shelf that drops the oldest would hardly ever hold what is asked.
    """

    def __init__(self, room_bytes: int) -> None:
        self._room_bytes = room_bytes
        self._places: dict[str, _Place[Thing]] = {}

    def of(self, name: str, size_px: tuple[int, int], make: Callable[[], Thing]) -> Thing:
        """The thing of the photo of that name and size: kept, or made now."""
        place = self._places.get(name)
        if place and place.size_px == size_px:
            return place.thing
        if place:
            self._room_bytes += self._places.pop(name).thing.size_bytes
        thing = make()
        if thing.size_bytes <= self._room_bytes:
            self._room_bytes -= thing.size_bytes
            self._places[name] = _Place(size_px, thing)
        return thing
