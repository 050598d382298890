"""EMD files, of NCEM and of py4DSTEM."""

from ingest.formats.declaration import STANDS_ALONE, Format

FORMATS = (
    Format(
        package=__package__,
        id="ncem_emd",
        title="NCEM EMD",
        files="`.emd`, of NCEM, Prismatic or fpd",
        becomes="4D-STEM, images",
        extensions=("emd",),
        recognize="recognition:recognize_ncem",
        companions=STANDS_ALONE,
        open="reader:open_ncem_emd",
        map="mapping:map_ncem",
        keys="keys:NCEM_KEYS",
    ),
    Format(
        package=__package__,
        id="py4dstem_emd",
        title="py4DSTEM",
        files="`.h5`, `.emd`",
        becomes="4D-STEM, images",
        extensions=(),
        recognize="recognition:recognize_py4dstem",
        companions=STANDS_ALONE,
        open="reader:open_py4dstem_emd",
        map="mapping:map_py4dstem",
        keys="keys:PY4DSTEM_KEYS",
    ),
)
