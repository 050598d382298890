"""Write the planner's table of quantities from the catalogue, or tell where the committed one differs.

With `--write` also the migration that the facts need for new ones, and the OpenAPI document's list of them.
"""

import os
import subprocess
import sys
from pathlib import Path

from repository.schema.search.searchable import SearchableQuantity, list_quantities
from tests.environment import set_defaults
from tests.ties import tie

CHECKOUT = Path(__file__).resolve().parents[1]
DOCUMENT = CHECKOUT / "docs/guides/planner.md"
BEGIN = "<!-- quantities: written by `make quantities` from repository/schema/catalogue -->"
END = "<!-- end of quantities -->"


def render_table() -> str:
    """Return the table of all quantities, in the order of the catalogue."""
    rows = [
        f"| {one.title} | `{one.name}` | {', '.join(f'`{name}`' for name in one.aliases)} | {one.unit} | {_tell(one)} |"
        for one in list_quantities()
    ]
    return "\n".join(
        [
            "| quantity | name | short | a bare number is in | comes from |",
            "| --- | --- | --- | --- | --- |",
            *rows,
        ]
    )


def _tell(quantity: SearchableQuantity) -> str:
    if quantity.origin == "achieved":
        return f"achieved: {str(quantity.source).replace('_', ' ')}"
    if quantity.path is None:
        return f"derived: `{quantity.formula}`"
    otherwise = f", else `{quantity.formula}`" if quantity.formula else ""
    return f"declared: `{quantity.path}`{otherwise}"


def replace_table(text: str) -> str:
    """Return the document with its table written anew.

    Raises
    ------
    ValueError
        The document has no place for one.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no place for the table between {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{render_table()}\n{END}{after}"


def main() -> int:
    set_defaults()
    committed = DOCUMENT.read_text(encoding="utf-8")
    written = replace_table(committed)
    if "--write" in sys.argv:
        DOCUMENT.write_text(written, encoding="utf-8")
        return _write_the_rest()
    if written != committed:
        sys.stderr.write(f"{DOCUMENT.name}: the table of quantities is not current. Run `make quantities`.\n")
    return int(written != committed)


def _write_the_rest() -> int:
    # `makemigrations` asks a database for its history; without one it only warns.
    os.environ["PYTHONWARNINGS"] = "ignore::RuntimeWarning"
    for command in (
        ("manage.py", "makemigrations", "repository"),
        ("-m", "tools.openapi", "--write"),
    ):
        done = subprocess.run(tie(sys.executable, *command), cwd=CHECKOUT, check=False)
        if done.returncode != 0:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
