"""What a draft says of people and machines is listed before publishing; what is masked is in no export."""

from typing import Any

import pytest

from processing.workflows import correct_version, mask_deposit
from repository.exports.registry import list_exports
from repository.models import Deposit, Job, Measurement
from repository.schema.documents.levels import does_apply
from repository.selectors.identifying import list_deposit_identifying
from repository.services.deposits import update_deposit
from tests.api.conftest import WebClient, as_token, make_token
from tests.deposits import add_measurement, publish, settle
from tests.factories import make_deposit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]
SERIAL, MAIL = "SN-9988-77", "ada@lab.example.org"


@pytest.fixture
def named() -> Deposit:
    """Return a deposit of two measurements, whose headers name a person and a microscope."""
    deposit = make_deposit()
    for path in ("scan.raw", "other.raw"):
        one = add_measurement(
            deposit,
            path,
            instrument={"name": "Titan"},
            notes=f"Taken for {MAIL}",
        )
        Measurement.objects.filter(pk=one.pk).update(
            personal_pointers={"/Operator": "Ada Lovelace", "/Serial": SERIAL, "/Contact": MAIL}
        )
    rule = {"defaults": {"instrument": {"serial_number": SERIAL}}}  # a mask stands over rules, too
    update_deposit(deposit_id=deposit.pk, actor=deposit.owner, patch=rule)
    return settle(Deposit.objects.get(pk=deposit.pk))


def test_what_identifies_is_listed_masked_and_shown_again(
    web: WebClient, client: Any, named: Deposit
) -> None:
    headers = as_token(make_token(named.owner))
    address = f"/api/v1/deposits/{named.pk}/identifying/"

    def read() -> dict[str, Any]:
        return {one["value"]: one for one in web.get(address, headers=headers).json()["results"]}

    listed = read()
    assert {value: (one["kind"], one["state"], one["fields_said"]) for value, one in listed.items()} == {
        SERIAL: ("serial_number", "shown", ["instrument.serial_number"]),
        MAIL: ("email", "shown", ["notes"]),
        "Ada Lovelace": ("name", "in_files", []),
    }
    assert sorted(listed[SERIAL]["files"]) == ["other.raw", "scan.raw"]
    in_files = web.post(address, json={"mask": ["Ada Lovelace"]}, headers=headers)
    assert (in_files.status_code, "original files only" in in_files.json()["detail"]) == (422, True)
    unknown = web.post(address, json={"mask": ["Nobody"]}, headers=headers)
    assert unknown.status_code == 404
    assert web.post(address, json={}, headers=headers).status_code == 400

    masked = web.post(address, json={"mask": [SERIAL, MAIL]}, headers=headers)
    assert masked.status_code == 200, masked.text
    assert {one["state"] for one in masked.json()["results"]} == {"masked", "in_files"}
    again = web.post(address, json={"unmask": [MAIL]}, headers=headers)
    assert {value: one["state"] for value, one in read().items()} == {
        SERIAL: "masked",
        MAIL: "shown",
        "Ada Lovelace": "in_files",
    }, again.text

    check_the_page(client, named)
    assert read()[MAIL]["state"] == "masked"
    client.post(f"/deposits/{named.pk}/identifying", {"unmask": MAIL})
    check_what_is_published(web, named)


def test_what_stands_in_lists_beside_values_and_in_long_texts_is_masked_too(
    web: WebClient, client: Any
) -> None:
    """A path in a list, a name beside a number, lines of a form, and what stands where it does not apply."""
    path, long = r"D:\Users\ada.l\exp", f"First line\n{'x' * 400} {MAIL}"
    deposit = make_deposit()
    one = add_measurement(
        deposit,
        processing_steps=[{"step": "bin", "software": "dm", "parameters": f"from {path}"}],
        sample={"name": "MoS2", "elements": ["Mo", "S"], "phases": ["2H of Ada Lovelace"]},
        probe_current={"value": 30, "unit": "pA", "note": "Ada Lovelace measured it"},
        eds={"detector": "Super-X of Ada Lovelace"},
        damage_observed=long,
    )
    Measurement.objects.filter(pk=one.pk).update(
        personal_pointers={"/Operator": "Ada Lovelace", "/Home": path}
    )
    settle(Deposit.objects.get(pk=deposit.pk))
    headers = as_token(make_token(deposit.owner))
    address = f"/api/v1/deposits/{deposit.pk}/identifying/"
    listed = {one["value"]: one for one in web.get(address, headers=headers).json()["results"]}
    assert {value: set(one["fields_said"]) for value, one in listed.items()} == {
        path: {"processing_steps"},
        "Ada Lovelace": {"eds.detector", "sample.phases", "probe_current"},
        long: {"damage_observed"},
    }
    masked = web.post(address, json={"mask": [path, "Ada Lovelace"]}, headers=headers)
    assert masked.status_code == 200, masked.text
    client.force_login(deposit.owner)
    # A form sends the ends of lines as the web has them.
    sent = client.post(f"/deposits/{deposit.pk}/identifying", {"mask": long.replace("\n", "\r\n")})
    assert sent.status_code == 302
    assert {one["state"] for one in web.get(address, headers=headers).json()["results"]} == {"masked"}
    for value in (long, path):
        for act, state in (("unmask", "shown"), ("mask", "masked")):
            answer = web.post(address, json={act: [value]}, headers=headers)
            states = {one["value"]: one["state"] for one in answer.json()["results"]}
            assert states[value] == state, answer.text
    Job.objects.filter(deposit=deposit).delete()
    publish(settle(Deposit.objects.get(pk=deposit.pk)))
    for public in list_exports_of(deposit, one):
        content = web.get(public).content
        assert not [text for text in ("ada.l", "Lovelace", MAIL) if text.encode() in content], public


def list_exports_of(deposit: Deposit, measurement: Measurement) -> list[str]:
    """Return every address at which something is told of a published measurement."""
    endings = [export.ending for export in list_exports()]
    return [
        f"/datasets/{deposit.pk}",
        f"/api/v1/datasets/{deposit.pk}/",
        f"/api/v1/measurements/{measurement.pk}/",
        f"/api/v1/measurements/{measurement.pk}/metadata/",
        f"/api/v1/measurements/{measurement.pk}/findings/",
        f"/api/v1/measurements/{measurement.pk}/signals/data/zarr/zarr.json",
        *(f"/datasets/{deposit.pk}.{ending}" for ending in endings),
        *(f"/api/v1/measurements/{measurement.pk}/exports/{ending}" for ending in endings),
    ]


def test_what_a_file_says_where_it_does_not_apply_is_kept_back_too() -> None:
    deposit = make_deposit()
    one = add_measurement(
        deposit,
        technique=["tem_image"],
        scan="none",
        cathodoluminescence={"detector": f"PMT, lent by {MAIL}"},
    )
    settle(deposit)
    one.refresh_from_db()
    assert not does_apply("cathodoluminescence.detector", one.document)
    (line,) = list_deposit_identifying(deposit)
    assert line.state == "shown"
    mask_deposit(deposit_id=deposit.pk, actor=deposit.owner, mask=[line.value], unmask=[])
    (line,) = list_deposit_identifying(Deposit.objects.get(pk=deposit.pk))
    assert (line.state, line.fields) == ("masked", ["cathodoluminescence.detector"])
    assert MAIL not in str(Measurement.objects.get(pk=one.pk).document)


def test_what_only_people_write_is_shown_and_told_how_it_goes(web: WebClient) -> None:
    deposit = make_deposit()
    add_measurement(deposit, extensions={"org.example.lab": {"book": [f"lent by {MAIL}"]}})
    settle(Deposit.objects.get(pk=deposit.pk))
    headers = as_token(make_token(deposit.owner))
    address = f"/api/v1/deposits/{deposit.pk}/identifying/"
    (listed,) = web.get(address, headers=headers).json()["results"]
    assert (listed["state"], listed["fields_said"]) == ("shown", ["extensions"])
    refused = web.post(address, json={"mask": [listed["value"]]}, headers=headers)
    assert (refused.status_code, "Take it out" in refused.json()["hint"]) == (422, True)


def check_the_page(client: Any, named: Deposit) -> None:
    client.force_login(named.owner)
    page = client.get(f"/deposits/{named.pk}").content.decode()
    for words in (SERIAL, MAIL, "Ada Lovelace", "original files are published as they are", 'name="unmask"'):
        assert words in page
    sent = client.post(f"/deposits/{named.pk}/identifying", {"mask": MAIL})
    assert sent.status_code == 302


def check_what_is_published(web: WebClient, named: Deposit) -> None:
    Job.objects.filter(deposit=named).delete()  # what an answer has made anew is not what is looked at here
    named.refresh_from_db()
    version = publish(settle(named))
    scan = Measurement.objects.get(deposit=named, primary_file__path="scan.raw").pk
    assert scan in [one["id"] for one in version.content["measurements"]]
    for public in (
        f"/datasets/{named.pk}",
        f"/datasets/{named.pk}.jsonld",
        f"/datasets/{named.pk}.datacite.xml",
        f"/api/v1/datasets/{named.pk}/",
        f"/api/v1/measurements/{scan}/",
        f"/api/v1/measurements/{scan}/metadata/",
        f"/api/v1/measurements/{scan}/findings/",
    ):
        assert SERIAL not in web.get(public).text, public
    assert MAIL in web.get(f"/api/v1/measurements/{scan}/metadata/").text
    # After publishing it is a correction, in both directions.
    correct_version(
        dataset_id=named.pk,
        number=1,
        actor=named.owner,
        patch={"measurements": {"scan.raw": {"instrument": {"serial_number": SERIAL}, "notes": "withheld"}}},
        reason="The instrument may be known, the person not.",
    )
    newest = web.get(f"/api/v1/measurements/{scan}/metadata/").text
    assert (SERIAL in newest, MAIL in newest) == (True, False)


def test_it_is_said_in_which_files_a_text_stays(named: Deposit, client: Any) -> None:
    """A serial number that the header gave a field stands in the file, masked or not; that of a rule in none."""
    Measurement.objects.filter(primary_file__path="scan.raw").update(
        personal_pointers={}, extracted={"instrument": {"serial_number": SERIAL}}
    )
    Measurement.objects.filter(primary_file__path="other.raw").update(personal_pointers={})
    for is_masked in (False, True):
        (line,) = (one for one in list_deposit_identifying(named) if one.value == SERIAL)
        assert (line.state, line.files) == ("masked" if is_masked else "shown", ["scan.raw"])
        client.force_login(named.owner)
        client.post(f"/deposits/{named.pk}/identifying", {"mask": SERIAL})
        named = settle(Deposit.objects.get(pk=named.pk))
