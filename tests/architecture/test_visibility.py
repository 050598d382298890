"""Who may see what is asked in one place: reads of the tables begin there, or stand in a short list with the reason."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import Manager, QuerySet

from project.environment import CHECKOUT

ROOMS = ("repository/selectors", "api", "frontend")
"""Services write, under locks, and after a selector let somebody in; jobs have no visitor."""

GUARDED = {
    "AnswerChange", "ArrayObject", "Calibration", "DataFile", "Dataset", "DatasetVersion", "Deposit", "DepositEdit",
    "DepositMember", "Facts", "Finding", "Group", "Identifier", "Invitation", "Job", "Measurement", "MeasurementFile",
    "Membership", "MetadataRevision", "Product", "ReviewerLink", "SearchEntry", "Signal", "Sorting", "Upload",
    "VersionFile", "VersionMeasurement",
}  # fmt: skip
# Nobody's deposit: accounts with what is theirs alone, and what keeps the house.
OPEN = {
    "ApiToken", "AuditEvent", "Instrument", "InstrumentPreset", "LimitCount", "Message", "RecordChange", "Sample",
    "StoreWalk", "StoredObject", "User",
    "WorkerHeartbeat",
}  # fmt: skip
ALLOWED: dict[str, set[str]] = {
    "api/byte_service/hearing.py": {"connection"},  # waits for withdrawals; reads no table
    "api/health.py": {"connection"},  # is only closed
    "frontend/admin.py": {
        "DatasetVersion",
        "Deposit",
        "Group",
        "Identifier",
        "Job",
    },  # Django's admin, for curators
    "repository/selectors/visibility.py": GUARDED,  # the query itself
    "repository/selectors/conformance.py": {"DatasetVersion"},  # all that is published, for operators
    "repository/selectors/damage.py": {
        "published_in in a query",
        "ArrayObject",
        "DataFile",
        "Product",
        "VersionFile",
    },  # operators, by digest
    "repository/selectors/exports.py": {"ArrayObject"},  # of a measurement that the visitor was let in to
    "repository/selectors/health.py": {"Job", "connection"},  # counts by lane and state, for operators
    "repository/selectors/left_out.py": {
        "published_in in a query"
    },  # of one deposit: which files no version has
    "repository/selectors/search.py": {"Facts"},  # of entries that the visitor may find
}
ACCOUNTS = {"get_user_model()", "import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()"}
MANAGERS = {"objects", "_default_manager", "_base_manager"}
WORDS_OF_A_MODEL = {"ACTIVE", "Access", "DoesNotExist", "Fate", "Kind", "Role", "State"}
"""What may be asked of a guarded model without asking its table; as an annotation it may stand anywhere."""
# From what somebody was let in to, these lead to its neighbours, which may be hidden.
SIDEWAYS = {"versions", "search_entry", "replaced_by", "published_in", "part_of"}
UPWARDS = {"data_file", "dataset", "deposit", "measurement", "version"}
"""What a row belongs to: the rows below that are not what the visitor was let in to, as a published dataset's draft."""
LET_IN = "access"
"""What `access.py` hands out; where this begins, the door was passed."""
READS = {
    name
    for each in (QuerySet, Manager)
    for name, member in inspect.getmembers(each, callable)
    if not name.startswith("_")
} - {name for each in (dict, list, set, str) for name in dir(each)} | {"count", "get", "values"}
PAST_THE_MODELS = {
    "RawSQL", "_meta", "get_connection", "get_list_or_404", "get_model", "get_models", "get_object_or_404",
    "model_class", "refresh_from_db",
}  # fmt: skip
BY_NAME = re.compile(r"repository(\.models.*|_[a-z]+)|.*\b(FROM|from) +repository_.*", re.DOTALL)
"""A module or a table as a text."""


def list_relations(names: set[str]) -> Iterator[str]:
    """Yield how guarded rows are reached from rows of these models."""
    for model in apps.get_app_config("repository").get_models():
        for relation in model._meta.related_objects if model.__name__ in names else ():
            if relation.related_model.__name__ in GUARDED and (name := relation.get_accessor_name()):
                yield name


BELOW = set(list_relations(GUARDED))
FROM_THE_OPEN = set(list_relations(OPEN)) - BELOW


def list_files() -> Iterator[Path]:
    for room in ROOMS:
        yield from (file for file in (CHECKOUT / room).rglob("*.py") if "node_modules" not in file.parts)


def find_ways_past(tree: ast.AST) -> Iterator[str]:
    """Yield each model whose table is reached, and each way past the models.

    It reads names, not types: what is first given another name (`ways = dataset.versions`) goes unseen.
    """
    named_only = set(_list_allowed_names(tree))
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Name) and node in named_only):
            yield from _find_tables(node)
            yield from _find_neighbours(node)


def _find_tables(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Attribute(attr=attr, value=value) if attr in MANAGERS:
            said = ast.unparse(value)
            yield said if said in ACCOUNTS else said.rpartition(".")[2]
        case ast.Name(id=name) if name in GUARDED | {"QuerySet"}:
            yield name
        case ast.alias(name=name, asname=str()) if name in GUARDED | OPEN:
            yield f"{name} under another name"
        case ast.ImportFrom(module="django" | "django.db", names=names):
            yield from (one.name for one in names if one.name in {"connection", "connections", "db"})
        case ast.Constant(value=str(text)) if BY_NAME.fullmatch(text):
            yield text
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name) if name in PAST_THE_MODELS:
            yield name


def _find_neighbours(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Attribute(attr=read, value=ast.Attribute(attr=way)) if (
            read in READS and way in SIDEWAYS | FROM_THE_OPEN
        ):
            yield f".{way}.{read}"
        case ast.Attribute(attr=way, value=ast.Attribute(attr=up, value=origin)) if (
            up in UPWARDS and way in BELOW | SIDEWAYS and ast.unparse(origin) != LET_IN
        ):
            yield f".{up}.{way}"
        case ast.Call(func=ast.Attribute(attr=read) | ast.Name(id=read)) if read in READS | {
            "Prefetch",
            "prefetch_related_objects",
            "F",
            "Q",
        }:
            yield from _list_named_ways(node)


def _list_allowed_names(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the names of models that stand as types, that are asked for words, or whose manager is found anyway."""
    for node in ast.walk(tree):
        for said in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            yield from ast.walk(said) if isinstance(said, ast.AST) else ()
        match node:
            case ast.Subscript(slice=of):
                yield from ast.walk(of)
            case ast.Attribute(attr=attr, value=ast.Name() as name) if attr in WORDS_OF_A_MODEL | MANAGERS:
                yield name


def _list_named_ways(call: ast.Call) -> Iterator[str]:
    """Yield the ways to neighbours that a query names: `prefetch_related("dataset__versions")`."""
    texts = [word.value for word in call.args if isinstance(word, ast.Constant)]
    for text in [*texts, *(word.arg for word in call.keywords)]:
        if isinstance(text, str) and (ways := set(text.split("__")) & (SIDEWAYS | FROM_THE_OPEN)):
            yield f"{min(ways)} in a query"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Measurement.objects.filter(pk=1)", ["Measurement"]),
        ("models.Product._default_manager.get(pk=1)", ["Product"]),
        ("version.dataset.versions.order_by('number')", [".versions.order_by", ".dataset.versions"]),
        ("measurement.versions.filter(version=1)", [".versions.filter"]),
        ("from django.shortcuts import get_object_or_404", ["get_object_or_404"]),
        ("apps.get_model('repository', 'Signal')", ["get_model"]),
        ("each = list(view.versions); access.measurement.signals.filter(name='a')", []),
        ("def read(measurement: Measurement) -> list[Signal]: return Job.State.QUEUED", []),
        ("from repository.models import Measurement as Sample", ["Measurement under another name"]),
        ("QuerySet(Measurement)", ["QuerySet", "Measurement"]),
        ("getattr(Measurement, 'objects')", ["Measurement"]),
        ("class Line(ModelSerializer):\n    class Meta:\n        model = Deposit", ["Deposit"]),
        ("from django.db import connection", ["connection"]),
        ("run('SELECT title FROM repository_deposit')", ["SELECT title FROM repository_deposit"]),
        ("import_module('repository.models')", ["repository.models"]),
        ("version._meta.related_objects", ["_meta"]),
        ("rows.prefetch_related('dataset__versions')", ["versions in a query"]),
        ("Prefetch('versions')", ["versions in a query"]),
        ("rows.filter(dataset__versions__number=1)", ["versions in a query"]),
        ("User.objects.values('deposits__title')", ["User", "deposits in a query"]),
        ("visitor.account.deposits.all()", [".deposits.all"]),
        ("dataset.versions.latest('number')", [".versions.latest"]),
        ("ways = version.dataset.versions", [".dataset.versions"]),
        ("version.dataset.deposit.files", [".deposit.files"]),
        ("measurement.deposit.measurements", [".deposit.measurements"]),
    ],
)
def test_the_ways_past_are_found(text: str, found: list[str]) -> None:
    assert sorted(set(find_ways_past(ast.parse(text)))) == sorted(found)


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


def test_no_template_asks_a_table() -> None:
    """Pages show what a view read; a template that walks to rows would read past the one query."""
    walks = re.compile(r"\{[{%][^}]*\.(all|exists|iterator|objects|values_list|\w+_set)\b")
    assert walks.search("{% for each in version.dataset.versions.all %}")
    templates = [file for file in (CHECKOUT / "frontend").rglob("*.html") if "node_modules" not in file.parts]
    assert len(templates) > 40
    assert [file.name for file in templates if walks.search(file.read_text(encoding="utf-8"))] == []


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
