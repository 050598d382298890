"""Whether the disks below STEMMA_HOME take more bytes."""

from repository.selectors.health import PartHealth
from repository.services.disk import all_folders, find_shortage, list_disks, list_unwritable


def check_disk() -> PartHealth:
    """Look at every folder that uploads and jobs fill: writable, and with more free than is kept in reserve."""
    try:
        unwritable, shortage = list_unwritable(), find_shortage()
        disks = list_disks(all_folders())
    except OSError as fault:
        return PartHealth("disk", is_ok=False, detail=str(fault.strerror))
    numbers = {"free": min(disk.free for disk in disks), "reserve": max(disk.reserve for disk in disks)}
    detail = shortage.message if shortage is not None else ""
    if unwritable:
        named = ", ".join("STEMMA_HOME" if name == "." else name for name in unwritable)
        detail = f"Cannot be written to: {named}. {detail}".strip()
    return PartHealth("disk", is_ok=not detail, detail=detail, numbers=numbers)


def list_disk_metrics() -> list[str]:
    """Return the lines of the disks in the Prometheus text format."""
    disks = list_disks(all_folders())
    labels = [",".join(disk.folders) for disk in disks]
    return [
        "# HELP stemma_disk_free_bytes Free bytes of the disk on which these folders of STEMMA_HOME lie.",
        "# TYPE stemma_disk_free_bytes gauge",
        *(
            f'stemma_disk_free_bytes{{folders="{label}"}} {disk.free}'
            for label, disk in zip(labels, disks, strict=True)
        ),
        "# HELP stemma_disk_reserve_bytes Bytes that uploads and jobs never touch.",
        "# TYPE stemma_disk_reserve_bytes gauge",
        *(
            f'stemma_disk_reserve_bytes{{folders="{label}"}} {disk.reserve}'
            for label, disk in zip(labels, disks, strict=True)
        ),
    ]
