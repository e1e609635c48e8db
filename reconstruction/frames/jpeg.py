"""The same JPEG without what a camera wrote beside the picture."""

_START_OF_SCAN = 0xDA
_KEPT_APPS = (0xE0, 0xEE)
"""JFIF, and Adobe's marker, without which the colours are read wrongly."""


def without_metadata(jpeg: bytes) -> bytes:
    """The picture bit for bit, less EXIF (whose orientation and place readers would use again), profiles and comments.

    Marker segments as of ITU-T T.81, annex B. Raises ValueError where they do not follow each other.
    """
    kept = [jpeg[:2]]
    at = 2
    while True:
        if at + 4 > len(jpeg) or jpeg[at] != 0xFF:
            raise ValueError("not a chain of JPEG segments")
        marker = jpeg[at + 1]
        if marker == _START_OF_SCAN:
            return b"".join([*kept, jpeg[at:]])
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        is_metadata = (0xE0 <= marker <= 0xEF and marker not in _KEPT_APPS) or marker == 0xFE
        if not is_metadata:
            kept.append(jpeg[at:end])
        at = end
