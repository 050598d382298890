from ipaddress import ip_network

import pytest

from project.environment import EnvironmentVariableError, read_environment

NEEDED = {
    "STEMMA_SECRET_KEY": "x",
    "DATABASE_URL": "postgresql://a:b@127.0.0.1/c",
    "BROKER_URL": "redis://127.0.0.1/0",
}


def test_networks_are_read_and_none_is_assumed() -> None:
    assert read_environment(NEEDED).operator_networks == ()
    named = read_environment(NEEDED | {"STEMMA_OPERATOR_NETWORKS": "10.1.0.0/16, ::1 127.0.0.1"})
    assert named.operator_networks == tuple(map(ip_network, ("10.1.0.0/16", "::1/128", "127.0.0.1/32")))


@pytest.mark.parametrize("text", ["everybody", "10.1.0.1/16", "10.0.0.0/40"])
def test_what_is_no_network_stops_the_start_with_a_sentence(text: str) -> None:
    with pytest.raises(EnvironmentVariableError, match="STEMMA_OPERATOR_NETWORKS"):
        read_environment(NEEDED | {"STEMMA_OPERATOR_NETWORKS": text})
