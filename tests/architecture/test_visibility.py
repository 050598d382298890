"""Who may see what is asked in one place: reads of the tables begin there, or stand in a short list with the reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from project.environment import CHECKOUT

ROOMS = ("repository/selectors", "api", "frontend")
"""Services write, under locks, and after a selector let somebody in; jobs have no visitor."""

GUARDED = {
    "AnswerChange", "ArrayObject", "Calibration", "DataFile", "Dataset", "DatasetVersion", "Deposit", "DepositEdit",
    "DepositMember", "Facts", "Finding", "Identifier", "Job", "Measurement", "MeasurementFile", "Product",
    "SearchEntry", "Signal", "Sorting", "Upload", "VersionFile", "VersionMeasurement",
}  # fmt: skip
# Nobody's deposit: accounts with what is theirs alone, and what keeps the house.
OPEN = {
    "ApiToken", "AuditEvent", "Instrument", "LimitCount", "Message", "Sample", "StoreWalk", "StoredObject", "User",
    "WorkerHeartbeat",
}  # fmt: skip
ALLOWED = {
    "repository/selectors/visibility.py": GUARDED,  # the query itself
    "repository/selectors/conformance.py": {"DatasetVersion"},  # all that is published, for operators
    "repository/selectors/damage.py": {
        "ArrayObject",
        "DataFile",
        "Product",
        "VersionFile",
    },  # operators, by digest
    "repository/selectors/exports.py": {"ArrayObject"},  # of a measurement that the visitor was let in to
    "repository/selectors/health.py": {"Job"},  # counts by lane and state, for operators
    "repository/selectors/search.py": {"Facts"},  # of entries that the visitor may find
}
ACCOUNTS = {"get_user_model()", "import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()"}
MANAGERS = {"objects", "_default_manager", "_base_manager"}
# From what somebody was let in to, these lead to its neighbours, which may be hidden.
SIDEWAYS = {"versions", "search_entry", "replaced_by", "published_in", "part_of"}
READS = {
    "aggregate", "all", "annotate", "count", "exclude", "exists", "filter", "first", "get", "in_bulk", "iterator",
    "last", "order_by", "prefetch_related", "select_related", "values", "values_list",
}  # fmt: skip
PAST_THE_MODELS = {"get_object_or_404", "get_list_or_404", "get_model", "RawSQL"}


def list_files() -> Iterator[Path]:
    for room in ROOMS:
        yield from (file for file in (CHECKOUT / room).rglob("*.py") if "node_modules" not in file.parts)


def find_ways_past(tree: ast.AST) -> Iterator[str]:
    """Yield each model whose table is reached, and each way past the models."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=attr, value=ast.Name(id=name)) if attr in MANAGERS:
                yield name
            case ast.Attribute(attr=attr, value=value) if attr in MANAGERS:
                said = ast.unparse(value)
                yield said if said in ACCOUNTS else said.rpartition(".")[2]
            case ast.Attribute(attr=read, value=ast.Attribute(attr=way)) if read in READS and way in SIDEWAYS:
                yield f".{way}.{read}"
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name) if (
                name in PAST_THE_MODELS
            ):
                yield name


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Measurement.objects.filter(pk=1)", ["Measurement"]),
        ("models.Product._default_manager.get(pk=1)", ["Product"]),
        ("version.dataset.versions.order_by('number')", [".versions.order_by"]),
        ("measurement.versions.filter(version=1)", [".versions.filter"]),
        ("from django.shortcuts import get_object_or_404", ["get_object_or_404"]),
        ("apps.get_model('repository', 'Signal')", ["get_model"]),
        ("each = list(view.versions); access.measurement.signals.filter(name='a')", []),
    ],
)
def test_the_ways_past_are_found(text: str, found: list[str]) -> None:
    assert list(find_ways_past(ast.parse(text))) == found


def test_every_table_is_guarded_or_open_on_purpose() -> None:
    tables = {model.__name__ for model in apps.get_app_config("repository").get_models()}
    assert tables == GUARDED | OPEN
    assert not GUARDED & OPEN


def test_no_read_goes_past_the_one_query() -> None:
    past, used = [], set()
    for file in list_files():
        name = str(file.relative_to(CHECKOUT))
        for way in find_ways_past(ast.parse(file.read_text(encoding="utf-8"))):
            if way in ALLOWED.get(name, set()):
                used.add((name, way))
            elif way not in OPEN | ACCOUNTS:
                past.append((name, way))
    assert past == [], "ask repository/selectors/visibility.py, or read from what the visitor was let in to"
    allowed = {(name, model) for name, models in ALLOWED.items() if models != GUARDED for model in models}
    assert allowed - used == set(), "what is not needed any more goes out of the list"


def test_who_asks_is_a_visitor() -> None:
    """Django's stranger becomes one of ours at two doors; below them nobody asks what kind of object an account is."""
    named = {
        str(file.relative_to(CHECKOUT))
        for file in list_files()
        if "AnonymousUser" in file.read_text(encoding="utf-8")
    }
    assert named == {"repository/selectors/grant_kinds.py", "api/permissions.py"}


# Which existing code files of the reading side somebody edits who adds one; `CONTRIBUTING.md` says the rest.
@pytest.mark.parametrize(
    ("word", "files"),
    [
        (
            "repository.selectors.grants.",
            set(),
        ),  # a kind is found in its folder; no reading code knows one by name
        ("KEPT_BACK", {"repository/selectors/visibility.py"}),  # a rule stands where the query is
    ],
)
def test_adding_a_grant_or_a_rule_edits_no_other_reader(word: str, files: set[str]) -> None:
    named = {
        str(file.relative_to(CHECKOUT)) for file in list_files() if word in file.read_text(encoding="utf-8")
    }
    assert named == files
