"""First bytes of files that are known and not read."""

from dataclasses import dataclass

from ingest.readers.contract import FormatMatch


@dataclass(frozen=True, slots=True)
class Signature:
    """Bytes at an offset that only one kind of file has."""

    magic: bytes
    format: str
    label: str
    offset: int = 0

    def as_match(self) -> FormatMatch:
        """Return the match of a file that has these bytes."""
        shown = self.magic.decode("ascii") if self.magic.isalnum() else self.magic.hex(" ")
        return FormatMatch(
            format=self.format,
            label=self.label,
            readable=False,
            role="primary",
            reason=f"bytes {shown} at {self.offset}",
        )


SIGNATURES = (
    Signature(b"AAMVHFSS", "bcf", "Bruker BCF"),
    Signature(b"PTTDFILE", "jeol_pts", "JEOL PTS", offset=4),
    Signature(b"\x89PNG", "png", "PNG image"),
    Signature(b"\xff\xd8\xff", "jpeg", "JPEG image"),
    Signature(b"GIF8", "gif", "GIF image"),
    Signature(b"%PDF", "pdf", "PDF document"),
    Signature(b"SIMPLE  =", "fits", "FITS"),
    Signature(b"\x1f\x8b", "gzip", "gzip archive"),
    Signature(b"7z\xbc\xaf\x27\x1c", "7z", "7-Zip archive"),
    Signature(b"Rar!", "rar", "RAR archive"),
    Signature(b"\x28\xb5\x2f\xfd", "zstd", "Zstandard archive"),
    Signature(b"BZh", "bzip2", "bzip2 archive"),
    Signature(b"ustar", "tar", "tar archive", offset=257),
    Signature(b"\xd0\xcf\x11\xe0", "ole", "Microsoft compound file"),
    Signature(b"\x7fELF", "elf", "program"),
    Signature(b"MZ", "exe", "Windows program"),
    Signature(b"\x00\x00\x01\x00", "ico", "icon"),
)


def match_signature(head: bytes) -> FormatMatch | None:
    """Return the match of the first signature that `head` has."""
    for signature in SIGNATURES:
        if head[signature.offset : signature.offset + len(signature.magic)] == signature.magic:
            return signature.as_match()
    return None
