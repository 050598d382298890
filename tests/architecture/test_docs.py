"""The documents say what is true: links lead somewhere, commands exist, settings are those that are read."""

import re
from pathlib import Path

import pytest

from api.health import PROBES
from project.environment import CHECKOUT
from repository.schema.identifiers import build_id, parse_id
from tests.asked_variables import list_asked_variables

ADRS = sorted((CHECKOUT / "docs" / "adr").glob("[0-9]*.md"))
DOCUMENTS = sorted(
    [
        *(CHECKOUT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *(CHECKOUT / "docs").rglob("*.md"),
    ]
)
PLACEHOLDERS = ("TODO", "FIXME", "XXX", "TBD", "lorem ipsum")


def name_of(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


def headings_of(path: Path) -> set[str]:
    """Return the anchors that a forge makes of a document's headings."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_and_pictures_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        linked = (document.parent / path).resolve() if path else document
        assert linked.exists(), target
        if anchor:
            assert anchor in headings_of(linked), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_nothing_is_left_to_be_written(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert not [word for word in PLACEHOLDERS if word in text]
    assert not re.findall(r"(?<![\w.])/(?:root|home|work|tmp)/\S*", text)


@pytest.mark.parametrize("adr", ADRS, ids=name_of)
def test_every_decision_has_its_four_parts(adr: Path) -> None:
    text = adr.read_text(encoding="utf-8")
    assert re.match(rf"# {adr.name[:4]} \S", text)
    assert re.search(
        r"^Status: (accepted|proposed|replaced by \d{4}), \d{4}-\d{2}-\d{2}$", text, re.MULTILINE
    )
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_decisions_are_numbered_and_listed() -> None:
    assert [adr.name[:4] for adr in ADRS] == [f"{number:04}" for number in range(1, len(ADRS) + 1)]
    listed = (CHECKOUT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    for adr in ADRS:
        title = adr.read_text(encoding="utf-8").splitlines()[0].removeprefix(f"# {adr.name[:4]} ")
        assert f"| [{adr.name[:4]}]({adr.name}) | {title} | accepted |" in listed


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    targets = {
        target
        for line in re.findall(r"^([a-z][a-z -]*):(?!=)", makefile, flags=re.MULTILINE)
        for target in line.split()
    }
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"(?:^|`)make ([a-z][a-z-]*)", text, flags=re.MULTILINE):
            assert target in targets, f"{name_of(document)}: make {target}"


def test_the_operator_finds_every_setting_and_no_other() -> None:
    prefix = r"(?:STEMMA|DATABASE|BROKER|S3|DATACITE|ORCID)_[A-Z0-9_]+"
    read = {name for name in list_asked_variables() if re.fullmatch(prefix, name)}
    read -= {"STEMMA_DEBUG", "STEMMA_ACCOUNT"}
    guide = (CHECKOUT / "docs" / "guides" / "operator.md").read_text(encoding="utf-8")
    table = guide[guide.index("## Settings") : guide.index("## Production")]
    assert set(re.findall(prefix, table)) == read


def test_the_operator_finds_what_to_do_for_every_part_that_is_asked_after() -> None:
    guide = (CHECKOUT / "docs" / "guides" / "operator.md").read_text(encoding="utf-8")
    table = guide[guide.index("## When something is short or away") : guide.index("## Recovery")]
    named = {row.split("|")[1].strip().split("`")[1] for row in table.splitlines() if row.startswith("| `")}
    assert named >= set(PROBES)
    assert len(PROBES) >= 6


def test_commands_for_containers_name_services_that_exist() -> None:
    compose = (CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8")
    services = set(
        re.findall(
            r"^  ([a-z0-9-]+):",
            compose[compose.index("\nservices:") : compose.index("\nvolumes:")],
            re.MULTILINE,
        )
    )
    guide = (CHECKOUT / "docs" / "guides" / "operator.md").read_text(encoding="utf-8")
    written = re.findall(r"--scale ([a-z0-9-]+)=", guide)
    written += re.findall(
        r"docker compose (?:--\S+ \S+ )?(?:logs|restart)(?: --\S+)* ([a-z0-9][a-z0-9-]*)", guide
    )
    assert len(written) >= 6
    assert set(written) <= services


def test_ids_in_the_documents_are_ids() -> None:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for written in re.findall(r"\b(?=[a-z0-9-]*\d)[0-9a-z]{4}-[0-9a-z]{4}\b(?!-)", text):
            if not re.fullmatch(r"\d{4}-\d{4}", written) or document.name == "0007-identifiers.md":
                assert parse_id(written) == written, f"{name_of(document)}: {written}"


def test_the_vectors_of_the_identifier_decision_hold() -> None:
    text = (CHECKOUT / "docs" / "adr" / "0007-identifiers.md").read_text(encoding="utf-8")
    vectors = re.findall(r"^\| ([\d ]+) \| `(\S+)` \|$", text, flags=re.MULTILINE)
    assert len(vectors) >= 5
    for symbols, written in vectors:
        assert build_id([int(symbol) for symbol in symbols.split()]) == written


def test_the_licences_are_whole() -> None:
    server = (CHECKOUT / "LICENSE").read_text(encoding="utf-8")
    assert "GNU GENERAL PUBLIC LICENSE" in server
    assert "END OF TERMS AND CONDITIONS" in server
    assert "MIT License" in (CHECKOUT / "client" / "LICENSE").read_text(encoding="utf-8")
