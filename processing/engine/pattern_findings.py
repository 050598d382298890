"""What is said to a person of the patterns of a scan: bad pixels, a disk that travels, an angle unlike the record's."""

from collections.abc import Iterator

from processing.declarations.manifest import Optics
from processing.quality.convergence_angle import compare_angles
from processing.reductions.descan import Travel
from processing.reductions.detector_plan import AngleKnowledge
from processing.reductions.disk import DirectDisk, NoDisk
from processing.reductions.outliers import Outliers
from repository.schema.findings import Finding


def describe_outliers(outliers: Outliers, *, n_named: int = 0) -> Iterator[Finding]:
    """Say how many pixels are hot or dead, how many of them the file names, and where that matters."""
    if not outliers:
        return
    hot, dead = outliers.n_hot, outliers.n_dead
    yield Finding(
        "info",
        "outlier_pixels",
        f"The detector has {hot} hot and {dead} dead pixel{'' if hot + dead == 1 else 's'}, judged by the mean of "
        f"up to 256 patterns{f'; {n_named} of the dead are named by the file' if n_named else ''}.",
        hint="They are left out of the search for the direct disk and of the center of mass; the mask outlier_mask "
        "says which they are. Arrays, sums and virtual detectors hold them unchanged.",
        layer="reading",
    )


def describe_travel(travel: Travel | None, disk: DirectDisk | NoDisk) -> Iterator[Finding]:
    """Say that the patterns travel over the detector, where an edge does not hide it."""
    if travel is None or not travel.is_noticed:
        return
    against = f" of a disk with a radius of {disk.radius:.1f} px" if isinstance(disk, DirectDisk) else ""
    yield Finding(
        "warning",
        "patterns_travel",
        f"The patterns travel over the detector by {travel.length:.1f} ± {travel.error:.1f} px from corner to corner "
        f"of the scan{against} (descan, or a field over the whole scan).",
        hint="Readers see the mean pattern and the disk measured on it blurred by that, and virtual detectors, "
        "which stay "
        "where they are, cut the disk differently over the scan. Differential phase contrast has a fitted plane taken "
        "off. Align the patterns before radii and sums are compared across the scan.",
        layer="consistency",
    )


def describe_angle(
    disk: DirectDisk | NoDisk, angles: AngleKnowledge, travel: Travel | None, optics: Optics
) -> Iterator[Finding]:
    """Say that the disk is not as large as the record says, naming both numbers; the cause is for people to find."""
    compared = compare_angles(disk, angles, travel) if isinstance(disk, DirectDisk) else None
    if compared is None or not compared.differs or not isinstance(disk, DirectDisk):
        return
    basis = optics.semi_convergence_angle_basis
    source = optics.diffraction_pixel_calibrated_from
    yield Finding(
        "warning",
        "convergence_angle_differs",
        f"Consistency check: the disk measures {compared.measured_mrad:.1f} ± {compared.error_mrad:.1f} mrad, the "
        f"record says {compared.declared_mrad:g} mrad{f' ({basis})' if basis else ''}. Which should readers use?",
        "/semi_convergence_angle",
        "Readers take angles, doses and resolution from the record, and virtual detectors follow it. Correct the angle "
        "or the scale, or keep them and say why in the notes.",
        "consistency",
        why=f"Measured: a radius of {disk.radius:.2f} px (± {disk.radius_uncertainty:.2f} px shot noise, "
        f"± {disk.radius_model_error:.2f} px model error) times {angles.mrad_per_px:.4g} mrad per pixel"
        f"{f', calibrated from {source}' if source else ''}. It rests on that scale as much as on the disk.",
    )
