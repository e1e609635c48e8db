"""A COLMAP database written from a view graph; the mappers start from it."""

from pathlib import Path

import pycolmap

from reconstruction.frames.frame_set import FrameSet
from reconstruction.sfm.view_graph import ViewGraph


def write_database(path: Path, frames: FrameSet, graph: ViewGraph) -> None:
    """Cameras, frames, keypoints and verified pairs; image ids are places in the frame set plus one.

    Descriptors stay out: nothing after matching needs them, and they are most of such a file.
    """
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.unlink()
    with pycolmap.Database.open(path) as database, pycolmap.DatabaseTransaction(database):
        for camera in {camera.camera_id: camera for camera in graph.cameras}.values():
            database.write_camera(camera, use_camera_id=True)
            rig = pycolmap.Rig(rig_id=camera.camera_id)
            rig.add_ref_sensor(camera.sensor_id)
            database.write_rig(rig, use_rig_id=True)
        for place, (frame, camera, features) in enumerate(zip(frames.frames, graph.cameras, graph.features)):
            _write_photo(database, place + 1, frame.name, camera)
            database.write_keypoints(place + 1, features.keypoints)
        for pair in graph.pairs:
            database.write_matches(pair.first + 1, pair.second + 1, pair.matches)
            database.write_two_view_geometry(pair.first + 1, pair.second + 1, pair.geometry)


def _write_photo(database: pycolmap.Database, number: int, name: str, camera: pycolmap.Camera) -> None:
    image = pycolmap.Image(name=name, camera_id=camera.camera_id, image_id=number)
    image.frame_id = number
    moment = pycolmap.Frame(frame_id=number, rig_id=camera.camera_id)
    moment.add_data_id(image.data_id)
    database.write_frame(moment, use_frame_id=True)
    database.write_image(image, use_image_id=True)
