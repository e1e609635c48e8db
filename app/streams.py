"""The two streams that a person reads: they take any name a file may have, and fall silent once nobody reads them."""

import io
import os
import sys


def take_any_text() -> None:
    """From now on what the terminal cannot show, or what is no text at all, is written as its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def flushed() -> bool:
    """Whether the reader took all that was said; if not, the streams fall silent."""
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except OSError:
        fall_silent()
        return False
    return True


def fall_silent() -> None:
    """Words go nowhere now: Python would complain, at its end, of every one that it cannot deliver."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def one_line(text: str) -> str:
    """The text with a mark for every line break, tab or other control character: a file's name may hold any."""
    return "".join(letter if letter.isprintable() or letter == " " else ascii(letter)[1:-1] for letter in text)
