"""The slow oracle: one splat after the other over the whole picture, in plain torch, differentiated by autograd.

Every backend must equal it. It follows gsplat 1.5.3's conventions, named in ``raster.base``.
"""

import torch
from torch import Tensor

from reconstruction.camera import Camera
from reconstruction.harmonics import Y0
from reconstruction.harmonics import Y1
from reconstruction.harmonics import Y2
from reconstruction.harmonics import Y3
from reconstruction.harmonics import degree_of
from reconstruction.raster.base import ALPHA_LEAST
from reconstruction.raster.base import ALPHA_MOST
from reconstruction.raster.base import EPS_2D_PX2
from reconstruction.raster.base import NEAR
from reconstruction.raster.base import TRANSMITTANCE_LEAST
from reconstruction.raster.base import Rendering
from reconstruction.raster.base import Splats


class ReferenceRasterizer:
    """Draws splats in the dtype they have; float64 where it is to judge others."""

    device = torch.device("cpu")

    def render(self, splats: Splats, camera: Camera, background: Tensor) -> Rendering:
        means = splats.means
        pose = torch.as_tensor(camera.camera_from_world, dtype=means.dtype)
        camera_points = means @ pose[:3, :3].T + pose[:3, 3]
        depths = camera_points[:, 2]
        covariances = image_covariances(splats, camera_points, pose[:3, :3], camera)
        focal = means.new_tensor(camera.focal_px)
        in_front = depths > NEAR
        safe_depths = torch.where(in_front, depths, torch.ones_like(depths))
        centres_px = camera_points[:, :2] / safe_depths[:, None] * focal + means.new_tensor(camera.centre_px)
        if centres_px.requires_grad:
            centres_px.retain_grad()
        opacities = torch.sigmoid(splats.logit_opacities)
        radii_px = torch.where(
            in_front, box_radii(covariances, opacities, centres_px, camera), torch.zeros_like(depths)
        )
        position = means.new_tensor(camera.position)
        directions = torch.nn.functional.normalize(means - position, dim=-1)
        colours = (torch.einsum("nk,nkc->nc", basis(directions, splats.sh.shape[1]), splats.sh) + 0.5).clamp_min(0)
        layers = torch.cat([colours, depths[:, None]], dim=-1)
        blended, light = blend(centres_px, covariances, opacities, layers, radii_px, depths, camera.size_px)
        return Rendering(
            rgb=blended[..., :3] + light[..., None] * background.to(means.dtype),
            alpha=1 - light,
            depth=blended[..., 3],
            centres_px=centres_px,
            radii_px=radii_px,
        )


def image_covariances(splats: Splats, camera_points: Tensor, rotation: Tensor, camera: Camera) -> Tensor:
    """Covariances (N, 2, 2) px2 of splats in the image, thickened by EPS_2D_PX2.

    camera_points (N, 3); rotation (3, 3) camera from world. Zwicker et al. 2001, eq. 24-29; the clamp of x / z and
    y / z is gsplat's (Projection.cuh, persp_proj).
    """
    half = rotations(splats.quats) * splats.log_scales.exp()[:, None, :]
    in_camera = rotation @ half
    (fx, fy), (cx, cy), (width, height) = camera.focal_px, camera.centre_px, camera.size_px
    x, y, z = camera_points.unbind(-1)
    z = torch.where(z > NEAR, z, torch.ones_like(z))
    u = (x / z).clamp(-cx / fx - 0.15 * width / fx, (width - cx) / fx + 0.15 * width / fx)
    v = (y / z).clamp(-cy / fy - 0.15 * height / fy, (height - cy) / fy + 0.15 * height / fy)
    zero = torch.zeros_like(z)
    jacobian = torch.stack(
        [torch.stack([fx / z, zero, -fx * u / z], -1), torch.stack([zero, fy / z, -fy * v / z], -1)], -2
    )
    in_image = jacobian @ in_camera
    return in_image @ in_image.mT + EPS_2D_PX2 * torch.eye(2, dtype=z.dtype)


def rotations(quats: Tensor) -> Tensor:
    """Rotations (N, 3, 3) of quaternions (N, 4) wxyz of any length."""
    w, x, y, z = torch.nn.functional.normalize(quats, dim=-1).unbind(-1)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def basis(directions: Tensor, count: int) -> Tensor:
    """The first ``count`` SH functions (N, count) in unit directions (N, 3); as ``reconstruction.harmonics.basis``."""
    degree = degree_of(count)
    x, y, z = directions.unbind(-1)
    xx, yy, zz = x * x, y * y, z * z
    functions = [torch.full_like(x, Y0)]
    if degree > 0:
        functions += [-Y1 * y, Y1 * z, -Y1 * x]
    if degree > 1:
        functions += [Y2[0] * x * y, Y2[1] * y * z, Y2[2] * (2 * zz - xx - yy), Y2[3] * x * z, Y2[4] * (xx - yy)]
    if degree > 2:
        functions += [
            Y3[0] * y * (3 * xx - yy),
            Y3[1] * x * y * z,
            Y3[2] * y * (4 * zz - xx - yy),
            Y3[3] * z * (2 * zz - 3 * xx - 3 * yy),
            Y3[4] * x * (4 * zz - xx - yy),
            Y3[5] * z * (xx - yy),
            Y3[6] * x * (xx - 3 * yy),
        ]
    return torch.stack(functions, -1)


def box_radii(covariances: Tensor, opacities: Tensor, centres_px: Tensor, camera: Camera) -> Tensor:
    """Half the larger side (N,) of each splat's box, in whole pixels; 0 where it misses the picture or is too faint."""
    with torch.no_grad():
        reach = torch.sqrt(2 * torch.log(opacities / ALPHA_LEAST).clamp_min(0))
        sides = torch.ceil(reach[:, None] * torch.sqrt(torch.diagonal(covariances, dim1=-2, dim2=-1)))
        size = sides.new_tensor(camera.size_px)
        touches = ((centres_px + sides > 0) & (centres_px - sides < size)).all(-1)
        return torch.where(touches & (opacities > ALPHA_LEAST), sides.amax(-1), torch.zeros_like(reach))


def blend(
    centres_px: Tensor,
    covariances: Tensor,
    opacities: Tensor,
    layers: Tensor,
    radii_px: Tensor,
    depths: Tensor,
    size_px: tuple[int, int],
) -> tuple[Tensor, Tensor]:
    """Layers (H, W, C) of splats (N, C) blended front to back, and the light (H, W) that none of them held.

    Kerbl et al. 2023, eq. 3; where to stop is RasterizeToPixels3DGSFwd.cu's.
    """
    width, height = size_px
    conics = torch.linalg.inv(covariances)
    ys, xs = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    pixels = torch.stack([xs, ys], -1).to(layers.dtype)
    light = torch.ones(height, width, dtype=layers.dtype)
    blended = torch.zeros(height, width, layers.shape[-1], dtype=layers.dtype)
    finished = torch.zeros(height, width, dtype=torch.bool)
    for splat in torch.argsort(depths, stable=True).tolist():
        if radii_px[splat] == 0:
            continue
        away = pixels - centres_px[splat]
        exponents = 0.5 * torch.einsum("hwi,ij,hwj->hw", away, conics[splat], away)
        alphas = (opacities[splat] * torch.exp(-exponents)).clamp_max(ALPHA_MOST)
        reached = (alphas >= ALPHA_LEAST) & ~finished
        left_over = light * (1 - alphas)
        finished = finished | (reached & (left_over <= TRANSMITTANCE_LEAST))
        adds = reached & ~finished
        weights = torch.where(adds, alphas * light, torch.zeros_like(light))
        blended = blended + weights[..., None] * layers[splat]
        light = torch.where(adds, left_over, light)
    return blended, light
