"""What a file is, by its content; the extension only breaks ties among formats without a signature."""

from dataclasses import replace
from pathlib import Path

from ingest.formats.declaration import Format
from ingest.formats.faults import describe_fault
from ingest.formats.registry import list_formats
from ingest.readers.contract import FormatMatch
from ingest.readers.parts import Recognize, Recognized, ToldBy
from ingest.readers.uploaded_file import UploadedFile
from ingest.stored.kinds import DATA_EXTENSIONS, recognize_stored
from repository.schema.file_names import is_unfinished
from repository.schema.findings import Finding

_ORDER: tuple[ToldBy, ...] = ("content", "size", "name")


def recognize(path: Path, name: str) -> FormatMatch:
    """Return what the file is.

    Parameters
    ----------
    path
        The bytes.
    name
        The relative path in the upload. Its extension is used where content cannot tell, and where it says that the
        file is not whole yet.

    Returns
    -------
    FormatMatch
        With a finding where the file is empty, damaged, or not what its extension promises.
    """
    size = path.stat().st_size
    if is_unfinished(name):
        return _match_unfinished(name, size)
    if size == 0:
        return _match_empty(name)
    with UploadedFile(path, name) as file:
        claims, faults = _ask_formats(file)
        match = _choose(file, claims)
        if file.hdf5_damage is not None and file.hdf5_damage not in match.findings:
            match = _add(match, file.hdf5_damage)
    if not match.readable:
        match = _with_promise(match, file)
    return _add(match, *faults)


def _ask_formats(file: UploadedFile) -> tuple[list[tuple[Format, Recognized]], list[Finding]]:
    """Return which formats claim the file; a format whose own code fails does not hinder the others."""
    claims: list[tuple[Format, Recognized]] = []
    faults: list[Finding] = []
    for form in list_formats():
        try:
            claim = _ask(form, file)
        except Exception as error:  # noqa: BLE001 - whatever one folder raises is told, and the others are asked
            faults.append(describe_fault(form, "recognize", error, file=file.name))
            continue
        if claim is not None:
            claims.append((form, claim))
    return claims, faults


def _ask(form: Format, file: UploadedFile) -> Recognized | None:
    ask: Recognize = form.load("recognize")
    claim = ask(file)
    if claim is not None and not isinstance(claim, Recognized):
        raise TypeError(f"it returned {type(claim).__name__} where Recognized or None was promised")
    return claim


def _choose(file: UploadedFile, claims: list[tuple[Format, Recognized]]) -> FormatMatch:
    """Return the surest claim; among equals a format that is read, in the order of the folders."""
    ranked = sorted(claims, key=lambda claim: _ORDER.index(claim[1].told_by))
    if ranked and ranked[0][1].told_by == _ORDER[0]:
        return _build_match(*ranked[0])
    stored, told_by = recognize_stored(file)
    if file.hdf5_damage is not None:
        return _match_damaged(file, stored)
    if ranked and _ORDER.index(ranked[0][1].told_by) <= _ORDER.index(told_by):
        return _build_match(*ranked[0])
    return stored


def _build_match(form: Format, claim: Recognized) -> FormatMatch:
    return FormatMatch(
        format=form.id,
        label=claim.label or form.title,
        readable=claim.is_read,
        role=claim.role,
        reason=claim.reason,
        refers_to=claim.refers_to,
        needs_company=claim.role == "companion" and not claim.is_read and claim.told_by != "content",
    )


def _match_damaged(file: UploadedFile, stored: FormatMatch) -> FormatMatch:
    """Return the match of HDF5 that cannot be walked: only its name can tell whose it was."""
    promised = next((form for form in list_formats() if file.extension in (form.extensions or ())), None)
    if promised is None:
        return stored
    return replace(stored, format=promised.id, label=f"{promised.title}, damaged", readable=True)


def _match_unfinished(name: str, size: int) -> FormatMatch:
    """Say that a file is the rest of a transfer; what is in it is not read, however much of it there is."""
    finding = Finding(
        "warning",
        "download_unfinished",
        f"{name} ({size} bytes) looks like an unfinished download or a program's temporary file.",
        hint="Readers would download a file that is not whole. Remove it, upload the whole file under its own "
        "name, or acknowledge this to "
        "publish it as it is.",
        layer="file",
    )
    return FormatMatch(
        None, "unfinished download", readable=False, role="other", reason="its name", findings=(finding,)
    )


def _match_empty(name: str) -> FormatMatch:
    """Say that nothing is in a file; one that is named as data went lost, any other blocks nobody."""
    extension = name.rpartition(".")[2].lower()
    is_data = extension in DATA_EXTENSIONS or any(
        extension in form.named_extensions for form in list_formats()
    )
    finding = Finding(
        "warning" if is_data else "info",
        "file_empty",
        f"{name} has no bytes.",
        hint="Readers would get a file without content. Upload it again from the original, remove it from the "
        "deposit, or acknowledge this."
        if is_data
        else "It is kept and published as it is; remove it if nothing was to be in it.",
        layer="file",
    )
    return FormatMatch(
        None, "empty file", readable=False, role="other", reason="0 bytes", findings=(finding,)
    )


def _with_promise(match: FormatMatch, file: UploadedFile) -> FormatMatch:
    """Add a finding where the extension promises a format that Stemma reads and the content is none."""
    promised = {form.id for form in list_formats() if file.extension in (form.extensions or ())}
    if not promised or match.findings or match.format in promised:
        return match
    return _add(match, _describe_broken_promise(match, file))


def _describe_broken_promise(match: FormatMatch, file: UploadedFile) -> Finding:
    """Say what a file is in place of what its name promises: a sound file of another kind is no failed download."""
    if match.format == "html":
        hint = "Readers would find no data in it: often a web page was saved in place of the file. Upload the original."
    elif file.is_hdf5 and file.hdf5_damage is None:
        hint = (
            "Readers can download it and see nothing of it here: it is whole HDF5, of a layout that is not read. "
            "Save it in a layout from "
            "the list of formats, or describe it in the metadata and acknowledge this."
        )
    else:
        hint = (
            "Readers are led astray by the name; it is stored, not read. Correct the name, or upload the file that "
            "was meant; or acknowledge this."
        )
    return Finding(
        "warning",
        "content_is_not_extension",
        f"{file.name} is named .{file.extension} but its content is: {match.label}.",
        hint=hint,
        layer="file",
    )


def _add(match: FormatMatch, *findings: Finding) -> FormatMatch:
    return replace(match, findings=(*match.findings, *findings))
