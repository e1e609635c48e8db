"""Names for frames: readable, ASCII-safe, unique on every file system."""

import re
import unicodedata
from dataclasses import dataclass
from dataclasses import field


_LONGEST = 80
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Windows opens a device for these."""


@dataclass(slots=True)
class Names:
    """Gives each name once, also where two differ only by case."""

    _given: set[str] = field(default_factory=set)

    def give(self, stem: str) -> str:
        """'Müll eimer' becomes 'Mull_eimer.jpg', the second of that name 'Mull_eimer_2.jpg'."""
        plain = ascii_stem(stem)
        name = f"{plain}.jpg"
        count = 1
        while name.lower() in self._given:
            count += 1
            name = f"{plain}_{count}.jpg"
        self._given.add(name.lower())
        return name

    def take_back(self, name: str) -> None:
        """That name may be given again."""
        self._given.discard(name.lower())


def ascii_stem(stem: str) -> str:
    """The nearest name of ASCII letters, digits, dots, hyphens and underscores; 'photo' where nothing is left."""
    letters = unicodedata.normalize("NFKD", stem.replace("ß", "ss")).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9.-]+", "_", letters).strip("._-")[:_LONGEST] or "photo"
    return f"_{plain}" if _RESERVED.match(plain) else plain
