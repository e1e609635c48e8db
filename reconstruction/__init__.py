"""The science: from photos to a splat. No Qt, no network, no project folders, no settings.

Conventions that every file here obeys

- Transforms are named by what they map: ``p_camera = camera_from_world @ p_world``.
- Cameras are OpenCV's and COLMAP's: x right, y down, z forward. The image's origin is its top left corner and pixel
  centres lie at half-integers, so a picture w pixels wide spans [0, w].
- The world is right-handed with +y down (gravity), as the splat formats of the field have it; a scene is normalised so
  that its cameras lie around the origin at a distance of about one.
- Quaternions are (w, x, y, z), of unit length where it matters, and rotate splat-local axes into the world.
- Angles are radians unless a name ends in ``_deg``; scales are standard deviations in world units, kept as natural
  logarithms; opacities are kept as logits.
- Colour is sRGB as stored in the photos, 0..1, never linearised; spherical harmonics have the sign and order of the
  original 3DGS code (Kerbl et al. 2023), and colour is ``0.5 + sum(basis * sh)``.
- Arrays are numpy float32 at the borders; torch exists only in ``quality``, ``raster``, ``training``, ``assets``.

Nouns (light imports): errors, progress, configs, geometry, harmonics, camera, gaussians, mesh, scene, formats.
Verbs (one public function each): frames.find_frames, sfm.find_cameras, training.train and their parts.
"""
