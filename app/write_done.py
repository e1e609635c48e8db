"""The commit rule's last step: a small file that says "done" is there whole, or not at all."""

from pathlib import Path

from reconstruction.durable import write_whole


def write_done(path: Path, content: str | bytes) -> None:
    """The file holds exactly this, also after a power cut; until then, what it held before stays whole."""
    write_whole(path, content.encode() if isinstance(content, str) else content)
