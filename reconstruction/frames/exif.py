"""What a camera wrote into the photo: lens, place, time, orientation; whatever is broken or absurd is left out."""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PIL import ExifTags
from PIL import Image


FULL_FRAME_DIAGONAL_MM = math.hypot(36, 24)
_EXIF_ERRORS = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, ArithmeticError, struct.error)
"""What Pillow's reader raises on the broken EXIF of real files."""
_MM_PER_UNIT = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}
"""Of FocalPlaneResolutionUnit: inch, centimetre, and by custom millimetre and micrometre."""


@dataclass(frozen=True, slots=True)
class Shot:
    """How one photo was taken, as far as it tells."""

    make: str = ""
    model: str = ""
    lens: str = ""
    focal_mm: float | None = None
    focal_35mm: float | None = None
    """Focal length of the full-frame camera (36 x 24 mm) with the same view along the diagonal."""
    sensor_px_per_mm: float | None = None
    sensor_width_px: float | None = None
    """Width of the picture for which sensor_px_per_mm was written."""
    taken: datetime | None = None
    position_wgs84: tuple[float, float, float] | None = None
    """(latitude deg, longitude deg, altitude m); altitude 0 where only the rest is known."""

    @property
    def lens_key(self) -> tuple[str, str, str, float | None, float | None]:
        """Equal for photos taken with one lens at one zoom."""
        return self.make, self.model, self.lens, self.focal_mm, self.focal_35mm

    def focal_px(self, size_px: tuple[int, int]) -> float | None:
        """Focal length in pixels of a picture of that size that shows the whole photo; None if untold or absurd.

        From the full-frame equivalent, which CIPA DCG-001 defines by the diagonal: f35 * diagonal_px / 43.27 mm.
        Else from the sensor: f_mm * px_per_mm, scaled from the width that resolution was written for.
        """
        focal_px = None
        if self.focal_35mm:
            focal_px = self.focal_35mm * math.hypot(*size_px) / FULL_FRAME_DIAGONAL_MM
        elif self.focal_mm and self.sensor_px_per_mm and self.sensor_width_px:
            focal_px = self.focal_mm * self.sensor_px_per_mm * max(size_px) / self.sensor_width_px
        # From a fisheye to a telescope; outside of that the tag is nonsense.
        return focal_px if focal_px and 0.2 < focal_px / max(size_px) < 30 else None


def read_shot(image: Image.Image) -> Shot:
    """What the photo's EXIF tells; an empty Shot where it has none or it cannot be read."""
    try:
        exif = image.getexif()
        detail = exif.get_ifd(ExifTags.IFD.Exif)
    except _EXIF_ERRORS:
        return Shot()
    long_side_px = max(
        _number(detail, ExifTags.Base.ExifImageWidth) or 0, _number(detail, ExifTags.Base.ExifImageHeight) or 0
    )
    return Shot(
        make=_text(exif, ExifTags.Base.Make),
        model=_text(exif, ExifTags.Base.Model),
        lens=_text(detail, ExifTags.Base.LensModel),
        focal_mm=_positive(detail, ExifTags.Base.FocalLength),
        focal_35mm=_positive(detail, ExifTags.Base.FocalLengthIn35mmFilm),
        sensor_px_per_mm=_sensor_px_per_mm(detail),
        sensor_width_px=long_side_px or max(image.size),
        taken=_taken(exif, detail),
        position_wgs84=_position(exif),
    )


def read_orientation(image: Image.Image) -> int:
    """The EXIF orientation 1..8; 1 where it is untold or absurd.

    To be asked after the pixels were loaded: Pillow turns TIFF files itself and then takes the tag away.
    """
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except _EXIF_ERRORS:
        return 1
    return orientation if orientation in range(1, 9) else 1


def _text(tags: Mapping[int, Any], tag: int) -> str:
    value = tags.get(tag, "")
    return value.replace("\0", " ").strip() if isinstance(value, str) else ""


def _number(tags: Mapping[int, Any], tag: int) -> float | None:
    """A finite number; rationals with a zero below, which cameras write for 'unknown', are none."""
    try:
        value = float(tags[tag])
    except _EXIF_ERRORS:
        return None
    return value if math.isfinite(value) else None


def _positive(tags: Mapping[int, Any], tag: int) -> float | None:
    value = _number(tags, tag)
    return round(value, 2) if value and value > 0 else None


def _sensor_px_per_mm(detail: Mapping[int, Any]) -> float | None:
    resolution = _number(detail, ExifTags.Base.FocalPlaneXResolution)
    unit_mm = _MM_PER_UNIT.get(round(_number(detail, ExifTags.Base.FocalPlaneResolutionUnit) or 2))
    return resolution / unit_mm if resolution and resolution > 0 and unit_mm else None


def _taken(exif: Mapping[int, Any], detail: Mapping[int, Any]) -> datetime | None:
    for tags, tag in ((detail, ExifTags.Base.DateTimeOriginal), (exif, ExifTags.Base.DateTime)):
        try:
            return datetime.strptime(_text(tags, tag), "%Y:%m:%d %H:%M:%S")
        except ValueError:
            continue
    return None


def _position(exif: Image.Exif) -> tuple[float, float, float] | None:
    try:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    except _EXIF_ERRORS:
        return None
    latitude = _angle_deg(gps, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "S")
    longitude = _angle_deg(gps, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "W")
    # A receiver without a fix writes zeros: nobody photographs the one buoy at 0, 0.
    if (
        latitude is None
        or longitude is None
        or abs(latitude) > 90
        or abs(longitude) > 180
        or latitude == longitude == 0
    ):
        return None
    altitude_m = _number(gps, ExifTags.GPS.GPSAltitude) or 0.0
    below_sea = gps.get(ExifTags.GPS.GPSAltitudeRef) in (1, b"\x01")
    return latitude, longitude, -altitude_m if below_sea else altitude_m


def _angle_deg(gps: Mapping[int, Any], tag: int, reference_tag: int, negative: str) -> float | None:
    """From (degrees, minutes, seconds)."""
    try:
        degrees, minutes, seconds = (float(part) for part in gps[tag])
    except _EXIF_ERRORS:
        return None
    angle_deg = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(angle_deg):
        return None
    return -angle_deg if _text(gps, reference_tag).upper() == negative else angle_deg
