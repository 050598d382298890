"""A session of measurements in the deposit page's table, and what it costs a person to answer it."""

import json
import time
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
from playwright.sync_api import Locator, Page, expect

from tests.client.conftest import make_shell
from tests.patience import wait_until
from tests.vendor_files.dm import write_dm
from tests.vendor_files.empad import write_empad

TILTS = (-4, -2, 0, 2, 4)
LOOKED_AT = ("semi_convergence_angle", "probe_current", "stage_tilt_x", "sample.name", "acceleration_voltage")
"""Fields that are read back, also where they are the same for all and therefore no columns."""


def write_session(folder: Path) -> Path:
    """Write five images of a tilt series, whose angles stand in their names, and two 4D scans."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(3)
    y, x = np.mgrid[:64, :64]
    for tilt in TILTS:
        lattice = 100 + 50 * np.cos(x * 0.6 + tilt) * np.cos(y * 0.6) + random.normal(0, 3, (64, 64))
        write_dm(
            folder / f"tilted_{tilt}deg.dm4",
            lattice.astype("f4"),
            calibrations=[(0, 0.02, "nm"), (0, 0.02, "nm")],
            tags={"Microscope Info": {"Voltage": 80000.0}},
        )
    for number in (1, 2):
        part = folder / f"scan{number}"
        part.mkdir()
        write_empad(part, random.poisson(4, (4, 4, 128, 128)).astype("f4"))
    return folder


class Person:
    """Somebody at the table: clicks and keystrokes are counted, and so is what they answer."""

    def __init__(self, page: Page, live_stack: Any, identifier: str) -> None:
        self.page = page
        self.stack = live_stack
        self.identifier = identifier
        self._url = live_stack.url
        self._token = live_stack.credentials.token
        self._started = time.monotonic()
        self._answered: list[list[str]] = []
        self._read: set[str] = set()
        page.on("request", self._note_answer)
        page.evaluate(
            "() => { window.effort = {clicks: 0, keys: 0};"
            "addEventListener('click', () => window.effort.clicks++, true);"
            "addEventListener('keydown', () => window.effort.keys++, true); }"
        )

    def _note_answer(self, request: Any) -> None:
        if request.method == "PATCH" and request.url.endswith("/table/"):
            sent = json.loads(request.post_data or "{}")
            if not sent.get("dry_run"):
                self._answered.append(sorted({change["field"] for change in sent["changes"]}))

    def ask(self, method: str, address: str, body: Any = None) -> Any:
        """Ask the server without the page, as another program of the same person does."""
        headers = {"Authorization": f"Token {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        address = f"{self._url}/api/v1{address}"  # of the stack of the tests
        request = Request(address, data=data, headers=headers, method=method)  # noqa: S310
        with urlopen(request) as answer:  # noqa: S310  # the stack of the test
            return json.load(answer)

    def rows(self) -> dict[str, dict[str, Any]]:
        """Return the rows of the table by their path."""
        fields = "&".join(f"field={field}" for field in LOOKED_AT)
        table = self.ask("GET", f"/deposits/{self.identifier}/table/?page_size=200&{fields}")
        return {row["path"]: row for row in table["rows"]}

    def document(self) -> dict[str, Any]:
        """Return what persons said, as it is stored."""
        return dict(self.ask("GET", f"/deposits/{self.identifier}/")["metadata"])

    def answer_elsewhere(self, *changes: dict[str, Any]) -> Any:
        """Answer in the table from another program."""
        return self.ask("PATCH", f"/deposits/{self.identifier}/table/", {"changes": list(changes)})

    def _note_readings(self) -> None:
        """Note which files are opened again just now."""
        work = self.ask("GET", f"/deposits/{self.identifier}/progress/")
        opened = (one for one in work["running"] if one["reading"]["step"] == "opening")
        self._read |= {one["measurement"] for one in opened}

    @property
    def status(self) -> Locator:
        """Return the line that says what was done."""
        return self.page.locator(".st-status")

    def cell(self, path: str, field: str) -> Locator:
        """Return the cell of a measurement in the column with this head."""
        row = self.page.locator(".st-row", has=self.page.locator(f'.st-file[title="{path}"]'))
        return row.get_by_role("gridcell", name=f"{field}:", exact=False)

    def choose(self, path: str, field: str) -> None:
        """Click a cell; columns that come in just then move it away from under the pointer, and it is clicked again."""
        cell = self.cell(path, field)

        def is_chosen() -> bool:
            cell.click()
            return bool(cell.evaluate("one => one.contains(document.activeElement)"))

        wait_until(is_chosen, f"{field} of {path} is not chosen")

    def wait_saved(self, words: str) -> None:
        """Wait until the page says that it is done."""
        expect(self.status).to_contain_text(words)
        self._note_readings()

    def report(self, journey: str) -> None:
        """Print what the journey cost."""
        effort = self.page.evaluate("window.effort")
        questions = sum(map(len, self._answered))
        seconds = time.monotonic() - self._started
        print(  # noqa: T201  # what the journey is for
            f"{journey}: {questions} questions, {len(self._read)} files read again, {effort['clicks']} clicks, "
            f"{effort['keys']} keystrokes, {seconds:.0f} s"
        )


def send_session(folder: Path, live_stack: Any, home: Path, title: str) -> str:
    """Send a folder by command and wait until it is read; return the deposit's id."""
    shell = make_shell(home, url=live_stack.url, token=live_stack.credentials.token)
    return str(shell.run_json("deposit", folder, "--title", title)["id"])
