"""Saying of every stored file what it is, and which belong together. One bad file never blocks the others."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confined.input_checks import InputDamagedError
from confined.runs import run_over_files
from confined.sandbox import SandboxError
from confined.zygotes import register_program
from repository.models import DataFile, Deposit
from repository.models.sorting import goes_nowhere
from repository.schema.file_names import list_clashes
from repository.schema.findings import Finding
from repository.schema.placements import Group, apply_placements
from repository.services.grouping import OF_THE_GUESS, read_placements
from repository.services.measurements import GroupedFiles, RecognizedFile
from repository.tasks.job_kinds import JobProgress

PROGRAM = register_program("ingest.programs.recognize_files:main")
MOST_CRASHES = 20
NOT_READ = "stored_not_read"


@dataclass(slots=True)
class Recognition:
    """What the files of a deposit are."""

    files: list[RecognizedFile] = field(default_factory=list)
    groups: list[GroupedFiles] = field(default_factory=list)
    findings: defaultdict[str, list[Finding]] = field(default_factory=lambda: defaultdict(list))


def recognize_deposit(*, deposit: Deposit, output: Path, progress: JobProgress) -> Recognition:
    """Look at every stored file, confined; a file that breaks the reader is set aside with its finding."""
    meant = deposit.current_files.filter(~goes_nowhere("deposit", "path", fates=("aside",)))
    stored = list(meant.filter(state=DataFile.State.STORED))
    recognition = Recognition()
    layable = _set_clashing_aside(stored, recognition.findings)
    result = _run_until_done(layable, output, progress, recognition.findings)
    matches: Mapping[str, Any] = result.get("files", {})
    grouping: Mapping[str, Any] = result.get("grouping", {})
    guessed = [
        Group(entry["format"], (entry["primary"], *entry["companions"]))
        for entry in grouping.get("measurements", ())
    ]
    placements = read_placements(deposit)
    openable = _list_openable(matches) | {group.paths[0]: group.format for group in guessed}
    wanted = apply_placements(guessed, placements, openable)
    recognition.groups = [GroupedFiles(format=group.format, paths=group.paths) for group in wanted]
    grouped = {path for group in recognition.groups for path in group.paths}
    for file in stored:
        match = matches.get(file.path)
        recognition.files.append(
            _build_recognized(file, match, is_grouped=file.path in grouped, opens_alone=file.path in openable)
        )
        if match is not None:
            recognition.findings[file.path] += read_findings(match.get("findings", ()))
    by_hand = {path for group in wanted if group not in guessed for path in group.paths} | set(placements)
    for path, found in grouping.get("findings", {}).items():
        recognition.findings[path] += [
            each for each in read_findings(found) if path not in by_hand or each.code not in OF_THE_GUESS
        ]
    _note_unread(recognition)
    _note_twins(stored, recognition.findings)
    return recognition


def _list_openable(matches: Mapping[str, Any]) -> dict[str, str]:
    """Return the format of each file that opens a measurement by itself."""
    return {path: match["format"] for path, match in matches.items() if _opens_alone(match)}


def _opens_alone(match: Mapping[str, Any]) -> bool:
    is_leading = match.get("role") == "primary" and not match.get("needs_company")
    return is_leading and bool(match.get("readable") and match.get("format"))


def _set_clashing_aside(
    stored: Sequence[DataFile], findings: defaultdict[str, list[Finding]]
) -> list[DataFile]:
    """Return the files that can lie in one folder together: of a file that is also a folder, what lies in that.

    New files of that kind are refused; drafts may hold some from before.
    """
    beneath = dict(list_clashes(file.path for file in stored))
    for path, inner in beneath.items():
        findings[path].append(
            Finding(
                severity="error",
                code="path_clash",
                layer="file",
                message=f"{path} is a file, and {inner} lies in a folder of the same name.",
                hint="No disk holds both: remove one of them and upload it under another name.",
            )
        )
    return [file for file in stored if file.path not in beneath]


def _run_until_done(
    stored: Sequence[DataFile],
    output: Path,
    progress: JobProgress,
    findings: defaultdict[str, list[Finding]],
) -> dict[str, Any]:
    """Run the program; after a crash at one file, go on with the others."""
    digests = {file.path: file.sha256 for file in stored}
    known: dict[str, Any] = {}
    skip: list[str] = []
    while digests:
        looking_at = ""

        def note(message: dict[str, Any]) -> None:
            nonlocal looking_at
            if message.get("type") == "file":
                known[message["path"]] = {key: value for key, value in message.items() if key != "type"}
                looking_at = ""
            elif message.get("type") == "progress":
                looking_at = str(message.get("message", "")).removeprefix("recognizing ")
                progress.report(float(message.get("fraction", 0.0)), f"Looking at {looking_at}.")

        request = {"known": known, "skip": skip, "listing": list(digests)}
        try:
            return run_over_files(
                program=PROGRAM, request=request, digests=digests, output=output, on_message=note
            )
        except InputDamagedError as error:
            findings[error.path].append(error.finding)
            del digests[error.path]
        except SandboxError as error:
            if looking_at not in digests or looking_at in skip or len(skip) >= MOST_CRASHES:
                raise
            findings[looking_at].append(error.finding)
            skip.append(looking_at)
    return {}


def _build_recognized(
    file: DataFile, match: Mapping[str, Any] | None, *, is_grouped: bool, opens_alone: bool
) -> RecognizedFile:
    if match is None:
        return RecognizedFile(path=file.path, format="", label="not recognized", is_read=False)
    return RecognizedFile(
        path=file.path,
        format="" if match.get("needs_company") and not is_grouped else (match.get("format") or "")[:40],
        label=(match.get("label") or "unknown format")[:120],
        is_read=is_grouped or bool(match.get("readable")),
        opens_alone=opens_alone,
    )


def read_findings(entries: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Return findings from their JSON form."""
    fields = ("severity", "code", "message", "pointer", "hint", "layer", "why")
    return [Finding(**{name: entry[name] for name in fields if name in entry}) for entry in entries]


def _note_unread(recognition: Recognition) -> None:
    """Say plainly which files are kept without being read."""
    grouped = {path for group in recognition.groups for path in group.paths}
    for file in recognition.files:
        if file.path in grouped or file.is_read or recognition.findings[file.path]:
            continue
        recognition.findings[file.path].append(
            Finding(
                severity="info",
                code=NOT_READ,
                layer="file",
                message=f"{file.path} ({file.label}) is stored, not read.",
                hint="The file is kept and published as it is; describe it in the abstract or in the metadata.",
            )
        )


def _note_twins(stored: Sequence[DataFile], findings: defaultdict[str, list[Finding]]) -> None:
    """Name files that hold the same bytes."""
    by_digest: defaultdict[str, list[str]] = defaultdict(list)
    for file in stored:
        if file.size:  # empty files have their own finding, and nothing in common but that
            by_digest[file.sha256].append(file.path)
    for paths in by_digest.values():
        for path in paths[1:]:
            findings[path].append(
                Finding(
                    severity="info",
                    code="duplicate_content",
                    layer="file",
                    message=f"{path} holds the same bytes as {paths[0]}.",
                    hint="Delete one of them unless both are meant; the bytes are stored once.",
                )
            )
