"""The command line."""

import argparse
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn, TypeAlias

from stemma.commands.sharing_arguments import add_sharing
from stemma.depositing.drafts import Acknowledgement
from stemma.errors import UsageError

EXIT_CODES = (
    "exit codes: 0 done; 2 usage; 3 errors in what was to be published or validated; 4 server or network; "
    "5 done, but something in the folders was left out (left_out in --json), or answers of a table were refused"
)

DECIMALS = ("auto", ".", ",")
FATES = ("publish", "private", "discard")
PLACES = {
    "own": "a measurement of its own",
    "alone": "part of no measurement",
    "recognized": "where the formats' own rules put it",
}
ROLES = (
    "vacuum_probe",
    "low_loss",
    "survey_image",
    "dark_reference",
    "gain_reference",
    "calibration_reference",
)


_MOST_DIGITS = 9


class ArgumentParser(argparse.ArgumentParser):
    """Raises where argparse would end the process, so that every end goes one way."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(
            f"{message[:1].upper()}{message[1:]}.", hint=f"`{self.prog} --help` shows what is possible."
        )


def build_parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(
        prog="stemma",
        description="Deposit, find and read scanning transmission electron microscopy data.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"stemma {version('stemma-client')}")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=ArgumentParser
    )
    _add_login(commands)
    _add_deposit(commands)
    _add_validate(commands)
    _add_template(commands)
    _add_records(commands)
    _add_search(commands)
    add_sharing(partial(_add, commands))
    return parser


Commands: TypeAlias = "argparse._SubParsersAction[ArgumentParser]"  # noqa: SLF001 - argparse gives it no other name


def _add(commands: Commands, name: str, text: str) -> ArgumentParser:
    command = commands.add_parser(name, help=text, description=text, epilog=EXIT_CODES)
    command.add_argument("--json", action="store_true", help="print exactly one JSON object on stdout")
    return command


def _add_login(commands: Commands) -> None:
    login = _add(commands, "login", "Store a server and a token for it.")
    login.add_argument("--url", help="address of the server; default STEMMA_URL or the last one")
    login.add_argument(
        "--token",
        help="a token from the server's page of tokens; asked for, or read from stdin, when left out",
    )


def _add_deposit(commands: Commands) -> None:
    deposit = _add(
        commands,
        "deposit",
        "Send files and folders, and wait until they are read. The same PATHs go on where it stopped.",
    )
    _add_description(deposit)
    deposit.add_argument("--publish", action="store_true", help="publish when everything is in order")
    _add_acceptance(deposit)
    deposit.add_argument(
        "--no-wait",
        dest="wait",
        action="store_false",
        help="return when the files are there, before they are read",
    )
    deposit.add_argument(
        "--new", action="store_true", help="start another deposit instead of going on with an unfinished one"
    )


def _add_validate(commands: Commands) -> None:
    validate = _add(
        commands, "validate", "Have files read and checked as a deposit would be, and keep nothing."
    )
    _add_description(validate)


def _add_description(command: argparse.ArgumentParser) -> None:
    command.add_argument("paths", metavar="PATH", nargs="+", type=Path)
    command.add_argument("--title", help="title of the dataset")
    command.add_argument(
        "--metadata",
        metavar="FILE",
        type=Path,
        help="YAML or JSON: {dataset: …, defaults: …, measurements: {'path or glob': …}}",
    )
    command.add_argument(
        "--follow-links",
        action="store_true",
        help="send also what links inside a folder lead to outside of it; else they are left out, and said",
    )
    command.add_argument(
        "--rename",
        action="store_true",
        help="send files whose names no deposit can hold under names near them (renamed in --json); else nothing "
        "is sent",
    )


def _add_acceptance(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--accept-warnings",
        metavar="CODE[:NOTE]",
        action="append",
        default=[],
        type=parse_acknowledgement,
        help="acknowledge warnings of this code, with a note; may be repeated",
    )


def _add_template(commands: Commands) -> None:
    template = _add(commands, "template", "Print a metadata file to fill in.")
    template.add_argument(
        "techniques",
        metavar="TECHNIQUE",
        nargs="+",
        help="four_d_stem, annular, eels …: one for each kind of file; annular+eels where a file has both",
    )


def _add_records(commands: Commands) -> None:
    status = _add(commands, "status", "Show a deposit, dataset or measurement; without ID, your deposits.")
    status.add_argument("id", metavar="ID", nargs="?")
    publish = _add(commands, "publish", "Publish a deposit.")
    publish.add_argument("id", metavar="ID")
    _add_acceptance(publish)
    _add_identifying(commands)
    _add_correct(commands)
    remove = _add(commands, "remove", "Take files out of a draft, and have the rest read again.")
    remove.add_argument("id", metavar="ID")
    remove.add_argument("paths", metavar="PATH", nargs="+", help="names of files as the deposit lists them")
    _add_sorting(commands)
    get = _add(
        commands, "get", "Download the original files; goes on where it stopped and checks every digest."
    )
    get.add_argument("id", metavar="ID")
    get.add_argument(
        "path",
        metavar="PATH",
        nargs="?",
        type=Path,
        help="folder to write to; default: one named after the ID",
    )
    opened = _add(commands, "open", "Show what an ID, DOI or address is, and where it can be read.")
    opened.add_argument("id", metavar="ID")


def _add_identifying(commands: Commands) -> None:
    identifying = _add(
        commands,
        "identifying",
        "List names, mail addresses, paths and serial numbers that a draft's headers and metadata hold, and mask them "
        "in metadata and exports; the original files stay as they are.",
    )
    identifying.add_argument("id", metavar="ID")
    for name, text in (("--mask", "withhold it"), ("--unmask", "show it again")):
        identifying.add_argument(
            name, metavar="VALUE", action="append", default=[], help=f"{text}; may be repeated"
        )
    identifying.add_argument(
        "--mask-all", action="store_true", help="withhold everything that readers would see"
    )


def _add_correct(commands: Commands) -> None:
    correct = _add(
        commands,
        "correct",
        "Correct what a published version says: no file is read again, and what was published stays beside it.",
    )
    correct.add_argument("id", metavar="ID")
    correct.add_argument(
        "--metadata",
        metavar="FILE",
        type=Path,
        required=True,
        help="YAML or JSON with what changes: {dataset: …, measurements: {'path, glob or id': …}}; null takes back",
    )
    correct.add_argument("--reason", metavar="TEXT", help="why; readers see it")
    correct.add_argument(
        "--of-version",
        metavar="N",
        type=_positive,
        help="a version; default: the newest, or the one ID names",
    )
    correct.add_argument("--dry-run", action="store_true", help="only say what would change")
    _add_acceptance(correct)


def _add_sorting(commands: Commands) -> None:
    sort = _add(
        commands,
        "sort",
        "Decide what becomes of measurements and files: publish, private (stays in the deposit for a later version, "
        "nobody else sees it), discard (goes when you publish; until then `publish` takes it back).",
    )
    sort.add_argument("id", metavar="ID")
    sort.add_argument("fate", metavar="FATE", choices=FATES, help=", ".join(FATES))
    sort.add_argument(
        "paths",
        metavar="PATH",
        nargs="+",
        help="files that lead measurements or are part of none, or patterns",
    )
    group = _add(commands, "group", "Say which files belong together where the guess was wrong.")
    group.add_argument("id", metavar="ID")
    group.add_argument("paths", metavar="PATH", nargs="+", help="names of files as the deposit lists them")
    where = group.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--with", dest="beside", metavar="PATH", help="part of the measurement that this file leads"
    )
    for place, text in PLACES.items():
        where.add_argument(f"--{place}", dest="place", action="store_const", const=place, help=text)
    role = _add(commands, "role", "Say what a measurement is to others.")
    role.add_argument("id", metavar="ID")
    role.add_argument("path", metavar="PATH", help="the file that leads the measurement")
    role.add_argument("role", metavar="ROLE", choices=ROLES, help=", ".join(ROLES))
    role.add_argument("--of", metavar="PATH", nargs="+", required=True, help="files that lead what it serves")
    role.add_argument("--take-back", action="store_true", help="it is that no more")
    _add_answers(commands)


def _add_answers(commands: Commands) -> None:
    techniques = _add(
        commands,
        "techniques",
        "Show what each measurement seems to be, and why; make it an answer. All other questions follow from it.",
    )
    techniques.add_argument("id", metavar="ID")
    techniques.add_argument(
        "--confirm", action="store_true", help="confirm all that are sure and that nobody has answered"
    )
    techniques.add_argument(
        "--set",
        metavar=("PATH", "TECHNIQUE"),
        nargs="+",
        action="append",
        help="what a file, or all files that a pattern names, are: four_d_stem, annular, eels …; may be repeated",
    )
    table = _add(
        commands,
        "table",
        "Print the answers of all measurements as CSV; with a CSV, take its answers: each is saved or refused by "
        "itself, empty cells say nothing, and - alone takes the answer of that file away.",
    )
    table.add_argument("id", metavar="ID")
    table.add_argument("csv", metavar="CSV", nargs="?", type=Path, help="a sheet as this command prints it")
    table.add_argument("--to", metavar="FILE", type=Path, help="write it there, as Excel reads it best")
    table.add_argument("--incomplete", action="store_true", help="print only fields that are asked or differ")
    table.add_argument(
        "--only-empty", action="store_true", help="leave alone what has an answer already, whoever gave it"
    )
    table.add_argument("--decimal", choices=DECIMALS, default="auto", help="decimal mark of the CSV")
    table.add_argument("--dry-run", action="store_true", help="only say what would be saved and what not")


def _add_search(commands: Commands) -> None:
    search = _add(commands, "search", "Find published datasets.")
    search.add_argument(
        "text", metavar="TEXT", nargs="*", help="words of title, abstract, creators, materials"
    )
    search.add_argument(
        "--where",
        metavar="CONDITION",
        action="append",
        default=[],
        help="'voltage=80..300 kV', 'dose>1000 e/Å²', 'alpha=21.4±0.3 mrad', 'format=empad', 'outcome=not_reached'; "
        "may be repeated",
    )
    search.add_argument("--limit", type=_positive, default=50, help="results to list at most (default 50)")


def parse_acknowledgement(text: str) -> Acknowledgement:
    code, _, note = text.partition(":")
    if not code.strip():
        raise argparse.ArgumentTypeError(f"{text!r} names no code; write CODE or CODE:note")
    return Acknowledgement(code.strip(), note.strip())


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)
