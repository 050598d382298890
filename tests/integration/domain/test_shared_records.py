"""Instrument and sample records: who changes them, their history, and what they answer in deposits, by value."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from processing.workflows import refresh_deposit
from repository.errors import (
    InvalidMetadataError,
    NotFoundError,
    PermissionRefusedError,
    RevisionConflictError,
)
from repository.models import Deposit, Group, Instrument, Measurement, Membership, RecordChange, Sample, User
from repository.schema.documents.presets import PresetBook
from repository.selectors.record_offers import (
    count_recognised,
    describe_instrument_offer,
    find_last_offer,
)
from repository.selectors.records import (
    build_identity,
    collect_sample_values,
    get_instrument,
    get_rights,
    list_history,
    read_presets,
    require_changing,
)
from repository.selectors.visibility import Visitor
from repository.services import instruments
from repository.services.answers import TableChange, undo_change
from repository.services.groups import close_group, create_group
from repository.services.instruments import (
    PresetWish,
    create_instrument,
    remove_preset,
    save_presets,
    update_instrument,
)
from repository.services.record_answers import take_from_instrument, take_from_last, take_from_sample
from repository.services.samples import create_sample, update_sample
from tests.deposits import add_measurement, settle
from tests.factories import make_deposit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]

SINCE = dt.date(2025, 1, 1)


def make_titan(owner: User, **fields: Any) -> Instrument:
    """Return a record with two presets: one for 80 kV, and one that also asks for the aperture."""
    facts = {"name": "TEAM I", "model": "Titan 80-300", "serial_number": "D3391", **fields}
    record = create_instrument(actor=owner, fields=facts)
    wide = PresetWish("wide", SINCE, None, {"acceleration_voltage": "80 kV"}, {"probe_current": "20 pA"})
    narrow = PresetWish(
        "",
        SINCE,
        None,
        {"acceleration_voltage": "80 kV", "condenser_aperture": "30 um"},
        {"semi_convergence_angle": "15 mrad", "probe_current": "5 pA"},
    )
    return save_presets(instrument_id=record.pk, actor=owner, wishes=[wide, narrow])


def take(deposit: Deposit, record: Instrument, **more: Any) -> TableChange:
    change = take_from_instrument(
        deposit_id=deposit.pk,
        actor=deposit.owner,
        record=build_identity(record),
        book=PresetBook(read_presets(record)),
        **more,
    )
    if change.id is not None:
        refresh_deposit(deposit_id=deposit.pk, measurement_ids=change.measurement_ids)
    return change


def cells(measurement: Measurement) -> dict[str, Any]:
    return dict(Measurement.objects.get(pk=measurement.pk).cells)


def check_offer(deposit: Deposit, record: Instrument) -> None:
    assert count_recognised(Visitor(deposit.owner), deposit) == [(record, 1)]
    offer = describe_instrument_offer(deposit, record)
    assert (offer.recognised, offer.unsaid, offer.other, offer.has_changes) == (1, 1, 1, True)
    assert {one.field: (one.count, one.shown) for one in offer.fills} == {
        "probe_current": (1, "20 pA"),
        "instrument.name": (1, "TEAM I"),
        "instrument.model": (2, "Titan 80-300"),
        "instrument.serial_number": (2, "D3391"),
    }
    assert [(one.field, one.shown) for one in offer.conflicts] == [
        ("probe_current", "header 3 pA, preset 20 pA")
    ]
    assert [(one.name, one.unsaid, one.count) for one in offer.open] == [
        ("80 kV, 30 µm", ("Condenser aperture",), 2)
    ]


def test_an_instrument_answers_and_what_it_said_stays() -> None:
    deposit = make_deposit()
    record = make_titan(deposit.owner, header_names=["Titan"])
    said = {"technique": ["annular"], "acquired_at": "2026-03-04T10:00:00Z", "semi_convergence_angle": None}
    named = add_measurement(deposit, "a.dm4", **said, instrument={"name": "TITAN"})
    silent = add_measurement(deposit, "b.raw", **said, probe_current="3 pA")
    other = add_measurement(deposit, "c.emd", **said, instrument={"name": "JEOL ARM"})
    settle(deposit)
    check_offer(deposit, record)
    # A dry run changes nothing.
    take(deposit, record, is_dry_run=True)
    assert "instruments" not in Deposit.objects.get(pk=deposit.pk).document
    change = take(deposit, record)
    assert set(change.measurement_ids) == {named.pk, silent.pk}
    cell = cells(named)["probe_current"]
    assert (cell["level"], cell["source"], cell["text"]) == ("instrument", "instrument", "20 pA")
    differing = cells(silent)["probe_current"]
    assert (differing["state"], differing["text"]) == ("conflict", "3 pA")
    assert [one["text"] for one in differing["below"]] == ["20 pA"]
    assert cells(silent)["instrument.name"]["text"] == "TEAM I"
    assert cells(other)["instrument.name"]["text"] == "JEOL ARM"
    # The person knows the aperture: the narrower preset holds, and says its condition.
    narrow = record.presets.get(name="80 kV, 30 µm")
    take(deposit, record, chosen=[narrow.pk], keys=[named.pk])
    assert cells(named)["probe_current"]["text"] == "5 pA"
    assert cells(named)["semi_convergence_angle"]["text"] == "15 mrad"
    # A record that changes, or is retired, changes nothing that it gave.
    remove_preset(instrument_id=record.pk, actor=deposit.owner, preset_id=narrow.pk)
    update_instrument(
        instrument_id=record.pk,
        actor=deposit.owner,
        fields={"name": "TEAM 0.5", "is_retired": True},
        may_govern=True,
    )
    refresh_deposit(deposit_id=deposit.pk)
    document = Measurement.objects.get(pk=named.pk).document
    assert document["probe_current"] == {"value": 5, "unit": "pA", "basis": "nominal", "source": "instrument"}
    assert (
        document["instrument"]["preset"]["value"]
        == "wide (since 2025-01-01); 80 kV, 30 µm (since 2025-01-01)"
    )
    assert count_recognised(Visitor(deposit.owner), deposit) == []
    # Taken again from what the record says now, its former values go; undone, they come back.
    again = take(deposit, record, keys=[named.pk])
    assert cells(named)["probe_current"]["text"] == "20 pA"
    assert again.id is not None
    undo_change(deposit_id=deposit.pk, actor=deposit.owner, change_id=again.id)
    undo_change(deposit_id=deposit.pk, actor=deposit.owner, change_id=change.id or again.id)
    refresh_deposit(deposit_id=deposit.pk)
    assert cells(named)["probe_current"]["text"] == "5 pA"


def check_closing(group: Group, record: Instrument, manager: User, member: User, owner: User) -> None:
    # The group is closed: its people lose the record, and whoever keeps it does not.
    close_group(group_id=group.pk, actor=manager)
    for each in (manager, member):
        with pytest.raises(NotFoundError):
            get_instrument(Visitor(each), record.pk)
    assert get_rights(Visitor(owner), get_instrument(Visitor(owner), record.pk)).may_govern


def test_who_changes_a_record_and_its_history_is_only_added_to() -> None:
    owner, manager, member, stranger = (make_user() for _ in range(4))
    group = create_group(actor=manager, name="Hall 4")
    Membership.objects.bulk_create(Membership(group=group, user=each) for each in (owner, member))
    record = make_titan(owner, group=group.pk)
    with pytest.raises(InvalidMetadataError, match="no member"):
        create_instrument(actor=stranger, fields={"name": "Mine", "group": group.pk})
    with pytest.raises(NotFoundError):
        get_instrument(Visitor(stranger), record.pk)
    rights = {each.pk: get_rights(Visitor(each), record) for each in (owner, manager, member)}
    assert [(one.may_change, one.may_govern) for one in rights.values()] == [
        (True, True),
        (True, True),
        (False, False),
    ]
    with pytest.raises(PermissionRefusedError, match="TEAM I"):
        require_changing(Visitor(member), record)
    update_instrument(
        instrument_id=record.pk,
        actor=manager,
        fields={"members_may_edit": True},
        may_govern=True,
        expected=[2],
    )
    record.refresh_from_db()
    assert require_changing(Visitor(member), record).may_govern is False
    update_instrument(
        instrument_id=record.pk, actor=member, fields={"facility": "Hall 5"}, may_govern=False, note="moved"
    )
    with pytest.raises(PermissionRefusedError, match="shares"):
        update_instrument(instrument_id=record.pk, actor=member, fields={"is_open": True}, may_govern=False)
    with pytest.raises(RevisionConflictError) as conflict:
        update_instrument(
            instrument_id=record.pk, actor=owner, fields={"facility": "Hall 6"}, may_govern=True, expected=[3]
        )
    assert conflict.value.changes[0]["new"] == "Hall 5"
    history = list_history(record)
    assert [(line.number, line.by, line.note) for line in history] == [
        (4, member.username, "moved"),
        (3, manager.username, ""),
        (2, owner.username, ""),
        (1, owner.username, ""),
    ]
    assert list(history[0].changes) == [{"pointer": "/facility", "old": "", "new": "Hall 5"}]
    with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
        RecordChange.objects.update(note="never happened")
    with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
        RecordChange.objects.all().delete()
    check_closing(group, record, manager, member, owner)


def test_what_is_wrong_with_presets_is_said_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = make_user()
    record = make_titan(owner)
    # None is kept then.
    good = PresetWish("x", SINCE, None, {}, {"probe_current": "1 pA"})
    wrong = {
        "no condition": PresetWish("a", SINCE, None, {"probe_current": "1 pA"}, {"monochromated": True}),
        "each measurement's own": PresetWish("b", SINCE, None, {}, {"dwell_time": "1 us"}),
        "one number or one word": PresetWish(
            "c", SINCE, None, {"acceleration_voltage": "60 to 80 kV"}, {"monochromated": True}
        ),
        "before it begins": PresetWish("d", SINCE, dt.date(2024, 1, 1), {}, {"monochromated": True}),
        "says nothing": PresetWish("e", SINCE, None, {}, {}),
        "has a preset wide": PresetWish("wide", SINCE, None, {}, {"monochromated": True}),
        "no preset zzzz": PresetWish("f", SINCE, None, {}, {"monochromated": True}, id="zzzz"),
    }
    for words, wish in wrong.items():
        with pytest.raises(InvalidMetadataError, match=words) as refusal:
            save_presets(instrument_id=record.pk, actor=owner, wishes=[good, wish])
        assert refusal.value.pointer.startswith("/presets/1")
        assert refusal.value.hint
    monkeypatch.setattr(instruments, "MOST_PRESETS", 3)
    with pytest.raises(InvalidMetadataError, match="3 are the most"):
        save_presets(
            instrument_id=record.pk, actor=owner, wishes=[good, PresetWish(**{**vars_of(good), "name": "y"})]
        )
    assert record.presets.count() == 2
    with pytest.raises(InvalidMetadataError, match="another record named"):
        create_instrument(actor=owner, fields={"name": "TEAM I"})


def vars_of(wish: PresetWish) -> dict[str, Any]:
    return {name: getattr(wish, name) for name in PresetWish.__dataclass_fields__}


def test_samples_are_parts_of_others_and_never_of_themselves() -> None:
    owner = make_user()
    crystal = create_sample(
        actor=owner,
        fields={
            "name": "Batch 7",
            "values": {"formula": "MoS2", "elements": ["Mo", "S"], "preparation": "CVD"},
        },
    )
    lamella = create_sample(
        actor=owner,
        fields={
            "name": "L2",
            "kind": "lamella",
            "values": {"preparation": "FIB, 2 kV", "thickness": "30 nm"},
        },
        whole=crystal,
    )
    region = create_sample(actor=owner, fields={"name": "edge", "kind": "region"}, whole=lamella)
    for child, whole, words in (
        (crystal, crystal, "part of itself"),
        (crystal, region, "no part of a region"),
        (lamella, region, "no part of a region"),
    ):
        with pytest.raises(InvalidMetadataError, match=words):
            update_sample(
                sample_id=child.pk, actor=owner, fields={"made_of": whole.pk}, may_govern=True, whole=whole
            )
    with pytest.raises(InvalidMetadataError, match="lie in no region"):
        update_sample(
            sample_id=lamella.pk, actor=owner, fields={"kind": "region", "made_of": None}, may_govern=True
        )
    # Whoever is quicker than the check meets the database.
    hurried: tuple[dict[str, Any], ...] = ({"made_of": region}, {"kind": "region", "made_of": None})
    for fields in hurried:
        with pytest.raises(IntegrityError, match="part"), transaction.atomic():
            Sample.objects.filter(pk=lamella.pk).update(**fields)
    with pytest.raises(InvalidMetadataError, match="Thickness") as refusal:
        update_sample(
            sample_id=region.pk, actor=owner, fields={"values": {"thickness": "thin"}}, may_govern=True
        )
    assert refusal.value.pointer == "/sample/thickness"
    values = collect_sample_values(region)
    assert (values["name"], values["formula"], values["preparation"]) == (
        "Batch 7 / L2 / edge",
        "MoS2",
        "FIB, 2 kV",
    )


def test_a_sample_and_the_last_deposit_answer() -> None:
    deposit = make_deposit()
    owner = deposit.owner
    fields = {"name": "Batch 7", "values": {"formula": "MoS2"}}
    values = collect_sample_values(create_sample(actor=owner, fields=fields))
    measurement = add_measurement(deposit, "a.raw", sample=None)
    settle(deposit)
    change = take_from_sample(deposit_id=deposit.pk, actor=owner, values=values)
    refresh_deposit(deposit_id=deposit.pk, measurement_ids=change.measurement_ids)
    cell = cells(measurement)["sample.name"]
    assert (cell["level"], cell["text"]) == ("all", "Batch 7")
    # The next deposit of the same person: what is empty is answered as in the last one, and undone by one click.
    second = make_deposit(owner)
    Deposit.objects.filter(pk=second.pk).update(
        document={"dataset": {"title": "Second"}, "defaults": {"sample": {"form": "lamella"}}}
    )
    second.refresh_from_db()
    offer = find_last_offer(Visitor(owner), second)
    assert offer is not None
    assert offer.deposit_id == deposit.pk
    assert {"creators", "sample.name", "sample.id"} <= {one.field for one in offer.answers}
    taken = take_from_last(deposit_id=second.pk, actor=owner, answers=offer.answers)
    second.refresh_from_db()
    assert second.document["defaults"]["sample"]["form"] == "lamella"
    assert second.document["defaults"]["sample"]["formula"] == "MoS2"
    assert second.document["dataset"]["title"] == "Second"
    assert find_last_offer(Visitor(owner), second) is None
    assert taken.id is not None
    undo_change(deposit_id=second.pk, actor=owner, change_id=taken.id)
    second.refresh_from_db()
    assert second.document == {"dataset": {"title": "Second"}, "defaults": {"sample": {"form": "lamella"}}}


def test_a_preset_without_a_name_says_which_setting_each_number_is() -> None:
    owner = make_user()
    record = create_instrument(actor=owner, fields={"name": "Titan"})
    conditions = {
        "acceleration_voltage": "200 kV",
        "condenser_aperture": "30 um",
        "spot_size": 6,
        "gun_lens": "4",
    }
    wish = PresetWish("", SINCE, None, conditions, {"probe_current": "20 pA"})
    (preset,) = save_presets(instrument_id=record.pk, actor=owner, wishes=[wish]).presets.all()
    assert preset.name == "200 kV, 30 µm, spot number 6, gun lens 4"
