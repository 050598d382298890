import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.utils import timezone

from repository.models import DatasetVersion, Deposit, Measurement, StoredObject
from tests.deposits import publish
from tests.factories import make_deposit, make_user
from tests.integration.pages.conftest import add_measurement, bring_to_ready

pytestmark = pytest.mark.django_db


def test_the_landing_page_says_what_a_reader_needs(client: Any, published: Deposit) -> None:
    page = client.get(f"/datasets/{published.pk}")
    html = page.content.decode()
    file = published.files.get()
    for expected in (
        "MoS2 monolayer at 80 kV",
        "Curie, Marie",
        "0000-0002-1825-0097",
        "CC-BY-4.0",
        "scan.raw",
        file.sha256,
    ):
        assert expected in html, expected
    assert "80 kV" in html
    assert "read from the file" in html
    assert 'class="badge gap">not recorded' in html
    assert f"10.5072/{published.pk}.v1" in html


def test_where_the_metadata_correct_an_axis_the_page_says_both(client: Any, published: Deposit) -> None:
    measurement = published.measurements.get()
    html = client.get(f"/datasets/{published.pk}").content.decode()
    assert "the file says" not in html
    deposit = make_deposit(published.owner)
    made = add_measurement(deposit, "other.raw")
    step = {"value": 0.5, "unit": "nm", "source": "depositor", "basis": "calibrated"}
    Measurement.objects.filter(pk=made.pk).update(extracted={**measurement.extracted, "scan_step": step})
    made.signals.update(converted_at=timezone.now())
    publish(bring_to_ready(deposit))
    html = client.get(f"/datasets/{deposit.pk}").content.decode()
    assert (
        "scan_y, scan_x: 0.5 nm per sample by the metadata (scan step); the file says 0.2 nm per sample."
        in html
    )


def test_the_page_of_a_stranger_shows_no_html_of_the_depositor(client: Any, published: Deposit) -> None:
    html = client.get(f"/datasets/{published.pk}").content.decode()
    assert "MoS2 on &lt;SiN&gt;" in html
    assert "MoS2 on <SiN>" not in html


def test_machines_find_the_description_in_the_page(client: Any, published: Deposit) -> None:
    page = client.get(f"/datasets/{published.pk}")
    embedded = re.search(
        r'<script type="application/ld\+json">(.*?)</script>', page.content.decode(), re.DOTALL
    )
    assert embedded is not None
    description = json.loads(embedded[1])
    assert description["name"] == "MoS2 monolayer at 80 kV"
    assert isinstance(description["@context"], dict | list)
    assert 'rel="cite-as"' in page["Link"]
    assert f'/datasets/{published.pk}.jsonld>; rel="describedby"' in page["Link"]
    assert '<meta name="citation_title" content="MoS2 monolayer at 80 kV">' in page.content.decode()


@pytest.mark.parametrize(
    ("ending", "media_type"),
    [
        ("jsonld", "application/ld+json"),
        ("datacite.xml", "application/vnd.datacite.datacite+xml"),
        ("datacite.json", "application/vnd.datacite.datacite+json"),
        ("bib", "application/x-bibtex"),
    ],
)
def test_the_description_is_had_in_other_formats(
    client: Any, published: Deposit, ending: str, media_type: str
) -> None:
    answer = client.get(f"/datasets/{published.pk}.{ending}")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith(media_type)
    text = answer.content.decode()
    assert f"10.5072/{published.pk}.v1" in text
    if "json" in ending:
        json.loads(text)
    if ending.endswith("xml"):
        ET.fromstring(text)  # noqa: S314  # our own


def test_an_unknown_format_names_the_known_ones(client: Any, published: Deposit) -> None:
    answer = client.get(f"/datasets/{published.pk}.docx")
    assert answer.status_code == 404
    assert ".bib" in answer.content.decode()


def test_a_mistyped_id_and_a_draft_are_both_not_there(client: Any, ready_deposit: Deposit) -> None:
    assert client.get("/datasets/zzzz-zzzd").status_code == 404
    assert client.get(f"/datasets/{ready_deposit.pk}").status_code == 404
    client.force_login(make_user())
    assert client.get(f"/deposits/{ready_deposit.pk}").status_code == 404


def test_a_doi_leads_to_its_version_and_to_the_format_asked_for(client: Any, published: Deposit) -> None:
    doi = f"10.5072/{published.pk}.v1"
    assert client.get(f"/doi/{doi}")["Location"] == f"/datasets/{published.pk}?version=1"
    bibtex = client.get(f"/doi/{doi}", headers={"Accept": "application/x-bibtex"})
    assert bibtex["Location"] == f"/datasets/{published.pk}.bib?version=1"
    assert client.get("/doi/10.5072/nothing").status_code == 404


def test_the_linkset_and_the_sitemap_list_what_is_published(client: Any, published: Deposit) -> None:
    linkset = client.get(f"/linkset/{published.pk}")
    page, *_ = json.loads(linkset.content)["linkset"]
    assert len(page["item"]) == 1
    sitemap = client.get("/sitemap.xml").content.decode()
    assert f"/datasets/{published.pk}</loc>" in sitemap
    ET.fromstring(sitemap)  # noqa: S314  # our own


def test_a_withdrawn_version_leaves_a_tombstone(client: Any, published: Deposit) -> None:
    from django.utils import timezone

    DatasetVersion.objects.filter(dataset_id=published.pk).update(
        state="withdrawn", withdrawn_at=timezone.now(), withdrawal_reason="The wrong sample."
    )
    page = client.get(f"/datasets/{published.pk}")
    assert page.status_code == 410
    html = page.content.decode()
    assert "The wrong sample." in html
    assert "MoS2 monolayer at 80 kV" in html
    assert "scan.raw" not in html


def test_a_withdrawn_version_is_no_newer_one(client: Any, published: Deposit) -> None:
    from django.utils import timezone

    from repository.services.publishing import publish_deposit, start_new_version

    for number in (2, 3):
        start_new_version(deposit_id=published.pk, actor=published.owner)
        add_measurement(published, f"more-{number}.raw", content=str(number).encode())
        bring_to_ready(published)
        publish_deposit(deposit_id=published.pk, actor=published.owner)
    address = f"/datasets/{published.pk}"
    words = {
        "newer": "A newer version of this dataset exists",
        "none": "The later versions of this dataset were withdrawn",
    }
    for withdrawn, newer in ((0, 3), (3, 2), (2, None)):
        DatasetVersion.objects.filter(dataset_id=published.pk, number=withdrawn).update(
            state="withdrawn", withdrawn_at=timezone.now(), withdrawal_reason="The wrong sample."
        )
        html = client.get(f"{address}?version=1").content.decode()
        link = f'{words["newer"]}: <a href="{address}?version={newer}">version {newer}</a>.'
        assert (words["newer"] in html, words["none"] in html) == (newer is not None, newer is None)
        assert newer is None or link in html
    told = re.sub(r"<[^>]+>", "", html)
    assert "The later versions of this dataset were withdrawn: version 2 and version 3." in told


def test_an_embargo_shows_the_description_and_the_date_but_no_data(
    client: Any, ready_deposit: Deposit
) -> None:
    from repository.services.publishing import publish_deposit

    ready_deposit.document["dataset"] |= {"access": "embargoed", "embargo_until": "2999-06-30"}
    ready_deposit.save()
    publish_deposit(deposit_id=ready_deposit.pk, actor=ready_deposit.owner)
    html = client.get(f"/datasets/{ready_deposit.pk}").content.decode()
    assert "30 June 2999" in html
    assert "scan.raw" in html
    assert "/files/scan.raw" not in html.split("</script>")[-1]
    assert "<stemma-pattern-viewer" not in html


def test_more_measurements_ask_no_more_of_the_database(
    client: Any, published: Deposit, django_assert_max_num_queries: Any
) -> None:
    from repository.services.publishing import publish_deposit, start_new_version

    with django_assert_max_num_queries(16) as few:
        client.get(f"/datasets/{published.pk}")
    start_new_version(deposit_id=published.pk, actor=published.owner)
    for number in range(5):
        add_measurement(published, f"more-{number}.raw", content=str(number).encode())
    bring_to_ready(published)
    publish_deposit(deposit_id=published.pk, actor=published.owner)
    with django_assert_max_num_queries(len(few)):
        html = client.get(f"/datasets/{published.pk}").content.decode()
    assert "more-4.raw" in html
    assert "version 2" in html


def test_all_is_not_offered_in_one_while_a_file_is_damaged(client: Any, published: Deposit) -> None:
    archive = f'href="/api/v1/datasets/{published.pk}/versions/1/zip"'
    assert archive in client.get(f"/datasets/{published.pk}").content.decode()
    sha256 = published.files.get().sha256
    StoredObject.objects.filter(pk=sha256).update(damaged_at=timezone.now(), damage="other bytes")
    html = client.get(f"/datasets/{published.pk}").content.decode()
    assert archive not in html
    assert 'disabled aria-describedby="no-zip"' in html
    assert "one file is damaged" in html
