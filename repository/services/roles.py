"""How one measurement serves others: said once, written into the description of each that it serves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.errors import InvalidMetadataError
from repository.models import Deposit, Measurement, User
from repository.schema.checks.supplied import select_supplied
from repository.services.deposits import lock_deposit, require_answerable, update_deposit

ROLES = (
    "vacuum_probe",
    "low_loss",
    "survey_image",
    "dark_reference",
    "gain_reference",
    "calibration_reference",
)


@dataclass(frozen=True, slots=True)
class RoleWish:
    """That a measurement is something to others, or is it no more; all are named by their ids."""

    measurement: str
    role: str
    of: tuple[str, ...]
    is_taken_back: bool = False


def set_roles(*, deposit_id: str, actor: User, wishes: Sequence[RoleWish]) -> Deposit:
    """Write roles into the deposit's document, like any other answer; call it in a transaction.

    Raises
    ------
    InvalidMetadataError
        A measurement is not there, would serve itself, or a pattern of the document says otherwise.
    """
    deposit = lock_deposit(deposit_id=deposit_id)
    require_answerable(deposit)
    measurements = {
        one.pk: one
        for one in deposit.current_measurements.select_related("primary_file").prefetch_related(
            "parts__data_file"
        )
    }
    links: dict[str, list[Any]] = {}
    for number, wish in enumerate(wishes):
        source = _find(measurements, wish.measurement, f"/roles/{number}/measurement")
        for place, one in enumerate(wish.of):
            pointer = f"/roles/{number}/of/{place}"
            served = _find(measurements, one, pointer)
            if served.pk == source.pk:
                raise InvalidMetadataError(
                    f"{source.primary_file.path} cannot be its own {wish.role.replace('_', ' ')}.",
                    pointer=pointer,
                    hint="Name the measurements that it serves.",
                )
            path = served.primary_file.path
            now = links[path] if path in links else _read_links(deposit, served)
            links[path] = _change(now, wish, source)
    updated = update_deposit(
        deposit_id=deposit_id,
        actor=actor,
        patch={"measurements": {path: {"links": entries or None} for path, entries in links.items()}},
    )
    by_path = {one.primary_file.path: one for one in measurements.values()}
    for path, entries in links.items():
        if _read_links(updated, by_path[path]) != entries:
            raise InvalidMetadataError(
                f"A pattern of the description gives other links to {path}, and goes before what is said of it alone.",
                pointer="/roles",
                hint="Change the links of that pattern in the description.",
            )
    return updated


def _find(measurements: Mapping[str, Measurement], name: str, pointer: str) -> Measurement:
    if name not in measurements:
        raise InvalidMetadataError(
            f"The deposit has no measurement {name}.",
            pointer=pointer,
            hint="Reload the deposit: files that were grouped anew make other measurements.",
        )
    return measurements[name]


def _read_links(deposit: Deposit, measurement: Measurement) -> list[Any]:
    """Return the links that count for a measurement: lists of later layers stand in the place of earlier ones."""
    companions = [part.data_file.path for part in measurement.parts.all()][1:]
    layers = select_supplied(deposit.document, measurement.primary_file.path, companions=companions)
    said = [layer["links"] for _, layer in layers if isinstance(layer.get("links"), list)]
    return list(said[-1]) if said else []


def _change(links: list[Any], wish: RoleWish, source: Measurement) -> list[Any]:
    """Return the links with this role set, in the place of another one that the same measurement had here."""
    names = {source.pk, source.primary_file.path}
    kept = [
        link
        for link in links
        if not (isinstance(link, Mapping) and link.get("target") in names and link.get("role") in ROLES)
    ]
    if wish.is_taken_back:
        return kept
    return [*kept, {"role": wish.role, "target": source.primary_file.path}]
