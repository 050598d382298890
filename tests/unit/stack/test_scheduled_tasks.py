"""What beat asks for is there in a worker: a task whose module nobody imports would be asked for in vain."""

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.ties import tie

CHECKOUT = Path(__file__).resolve().parents[3]
PROGRAM = """
import json
import django
django.setup()
from project.celery import app
app.loader.import_default_modules()
asked = [entry["task"] for entry in app.conf.beat_schedule.values()]
print(json.dumps({"asked": asked, "known": sorted(app.tasks)}))
"""


def test_a_worker_knows_every_task_of_the_program() -> None:
    said = json.loads(
        subprocess.run(
            tie(sys.executable, "-c", PROGRAM), cwd=CHECKOUT, capture_output=True, text=True, check=True
        ).stdout.splitlines()[-1]
    )
    written = {
        name
        for folder in ("repository", "ingest", "processing", "api", "project")
        for path in (CHECKOUT / folder).rglob("*.py")
        for name in re.findall(r"""name="(stemma\.[a-z_]+)\"""", path.read_text(encoding="utf-8"))
    }
    assert written
    assert written <= set(said["known"])
    assert said["asked"]
    assert set(said["asked"]) <= set(said["known"])
