"""TIFF, of any program."""

from ingest.formats.declaration import Format

FORMATS = (
    Format(
        package=__package__,
        id="tiff",
        title="TIFF",
        files="`.tif` or `.tiff` of Thermo Fisher, JEOL, TVIPS, Gatan, Zeiss, Olympus, Hamamatsu, ImageJ, OME or any "
        "other program; a numbered run of single frames in a folder",
        becomes="images, series, patterns, pictures in colors",
        extensions=("tif", "tiff"),
        recognize="recognition:recognize_tiff",
        companions="companions:group_tiff",
        open="reader:open_tiff",
        map="mapping:map_tiff",
        keys="keys:KEYS",
    ),
)
