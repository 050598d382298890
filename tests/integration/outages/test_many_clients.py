"""Far more clients than a web process works on at once."""

from project.connections import Processes, count_connections
from tests.integration.outages.conftest import Town
from tests.many_clients import ask_as_many
from tests.patience import patient, wait_until

CLIENTS, SECONDS = 60, patient(6)


def test_many_clients_wait_in_a_line_and_nobody_meets_a_fault(town: Town) -> None:
    answers = ask_as_many(town.stack, town.list_questions(), clients=CLIENTS, seconds=SECONDS)
    assert set(answers.statuses) <= {200, 206, 503}, answers.by_path
    assert answers.broken == {}
    assert answers.without_advice == 0, "who is refused hears when to come back"
    assert answers.statuses[200] > CLIENTS, "they are served, not all refused"
    most = count_connections(Processes(web=1, web_threads=8, workers=1, jobs_at_once=2))
    assert 0 < answers.connections <= most
    wait_until(lambda: town.ask_readiness()["status"] == "ok", "it does not recover")
