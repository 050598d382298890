"""The compose file names the parts of the embedded stack and agrees with the settings."""

import re
import subprocess
from dataclasses import fields
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from api.byte_service.routes import list_byte_routes
from frontend.presentation.guides import GUIDES
from project.connections import Processes, choose_max_connections
from project.environment import CHECKOUT, Environment, EnvironmentVariableError, read_environment
from tests.asked_variables import list_asked_variables

COMPOSE_FILE = CHECKOUT / "docker-compose.yml"
OURS = ("web", "worker", "worker-short", "beat", "migrate")
# Variables that belong to other people's programs, and who reads them
FOREIGN_VARIABLES = {
    "POSTGRES_PASSWORD": "the PostgreSQL image",
    "POSTGRES_DB": "the PostgreSQL image",
    "OWNER_PASSWORD": "deploy/postgres/create-roles.sh",
    "APP_PASSWORD": "deploy/postgres/create-roles.sh",
    "VALKEY_PASSWORD": "the broker's command",
    "OMP_NUM_THREADS": "numeric libraries",
    "OPENBLAS_NUM_THREADS": "numeric libraries",
    "NUMBA_NUM_THREADS": "numba",
    "BLOSC_NTHREADS": "blosc",
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of environment files, as an operator makes it."""
    folder = tmp_path_factory.mktemp("deploy") / "env"
    command = [
        "sh",
        str(CHECKOUT / "deploy" / "create-env.sh"),
        "https://stemma.example.org:8443",
        str(folder),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def read_env_file(path: Path, *, commented: bool = False) -> dict[str, str]:
    """Return NAME=value lines; with `commented` also those that are switched off by a leading #."""
    pattern = re.compile(
        r"^#?([A-Z][A-Z0-9_]*)=(.*)$" if commented else r"^([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE
    )
    return dict(pattern.findall(path.read_text(encoding="utf-8")))


def variables_of(service: dict[str, Any], secrets: Path, *, commented: bool = False) -> dict[str, str]:
    merged: dict[str, str] = {}
    for name in service.get("env_file", []):
        merged |= read_env_file(secrets / Path(name).name, commented=commented)
    own: dict[str, str] = service.get("environment", {})
    return merged | {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) for name, value in own.items()}


def test_every_part_is_there(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"nginx", *OURS, "database", "broker", "s3"}


def test_every_lasting_service_has_a_health_check(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name == "migrate":
            continue
        check = service["healthcheck"]
        assert check["test"][0] in {"CMD", "CMD-SHELL"}, name
        assert {"interval", "timeout", "retries"} <= set(check), name
        assert service["restart"] == "unless-stopped", name


def test_only_nginx_can_be_reached_from_outside(compose: dict[str, Any]) -> None:
    published = {
        name: service["ports"] for name, service in compose["services"].items() if "ports" in service
    }
    assert published == {"nginx": ["${STEMMA_PORT:-8000}:80"]}
    assert compose["networks"]["inside"]["internal"] is True
    for name in ("database", "broker", "s3"):
        assert compose["services"][name]["networks"] == ["inside"]


def test_every_image_is_pinned_by_version(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        image, _, tag = service["image"].rpartition(":")
        assert image, name
        assert re.match(r"\d+\.\d+", tag), f"{name}: {service['image']}"
    for line in (CHECKOUT / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith("FROM "):
            assert re.search(r":\d+\.\d+\.\d+", line), line


def test_the_image_holds_what_the_pages_of_the_help_are_made_of() -> None:
    assert "COPY docs docs" in (CHECKOUT / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    ignored = (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").split()
    for guide in GUIDES:
        assert not [name for name in ignored if f"docs/{guide.file}".startswith(name)], guide.file


def test_the_database_has_the_major_of_the_embedded_one(compose: dict[str, Any]) -> None:
    assert "-pg18" in compose["services"]["database"]["image"]
    assert compose["services"]["database"]["volumes"][0] == "database:/var/lib/postgresql"


def test_the_database_has_places_for_the_web_processes_and_for_workers(compose: dict[str, Any]) -> None:
    words = compose["services"]["database"]["command"]
    allowed = int(next(word for word in words if word.startswith("max_connections=")).partition("=")[2])
    web = next(word for word in compose["services"]["web"]["command"] if word.startswith("--workers="))
    threads = read_environment(
        {"DATABASE_URL": "postgresql://a@b/c", "BROKER_URL": "memory://", "STEMMA_SECRET_KEY": "x"}
    ).web_threads
    # Two such web services during a rolling restart, and four workers on sixteen cores each.
    processes = Processes(
        web=2 * int(web.partition("=")[2]), web_threads=threads, workers=4, jobs_at_once=4 * 16
    )
    assert allowed >= choose_max_connections(processes)


def test_everything_waits_for_what_it_needs(compose: dict[str, Any]) -> None:
    for name in ("web", "worker", "worker-short", "beat"):
        assert compose["services"][name]["depends_on"] == {
            "database": {"condition": "service_healthy"},
            "broker": {"condition": "service_healthy"},
            "migrate": {"condition": "service_completed_successfully"},
        }
    assert compose["services"]["migrate"]["restart"] == "no"


def test_every_variable_is_one_that_the_settings_read(compose: dict[str, Any], secrets: Path) -> None:
    known = list_asked_variables()
    assert {"STEMMA_SECRET_KEY", "S3_REGION", "DATACITE_URL", "STEMMA_WEB_WORKERS"} <= known
    for name, service in compose["services"].items():
        for variable in variables_of(service, secrets, commented=True):
            assert variable in known or variable in FOREIGN_VARIABLES, f"{name}: nobody reads {variable}"
    interpolated = set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", COMPOSE_FILE.read_text(encoding="utf-8")))
    assert interpolated <= known


@pytest.mark.parametrize("name", OURS)
def test_the_settings_accept_what_each_of_our_services_gets(
    compose: dict[str, Any], secrets: Path, name: str
) -> None:
    settings = read_environment(variables_of(compose["services"][name], secrets))
    assert isinstance(settings, Environment)
    assert settings.public_url == "https://stemma.example.org:8443"
    assert settings.allowed_hosts == ("stemma.example.org",)
    assert settings.accel_redirect is True
    assert [str(network) for network in settings.trusted_proxies] == [
        f"{place['ipv4_address']}/32" for place in compose["services"]["nginx"]["networks"].values()
    ]
    assert settings.sandbox == "strict"
    assert settings.object_store is None
    assert f"{settings.home}" == "/var/lib/stemma"
    assert "home:/var/lib/stemma" in compose["services"][name]["volumes"]


def test_the_parts_that_are_switched_off_can_be_switched_on(compose: dict[str, Any], secrets: Path) -> None:
    variables = variables_of(compose["services"]["web"], secrets, commented=True)
    datacite = {"DATACITE_REPOSITORY": "A.B", "DATACITE_PASSWORD": "p", "DATACITE_PREFIX": "10.12345"}
    settings = read_environment(variables | datacite)
    assert settings.object_store is not None
    assert urlsplit(settings.object_store.endpoint_url or "").netloc == "s3:8333"
    assert settings.datacite is not None
    optional = {field.name for field in fields(Environment)} - {
        "debug",
        "log_level",
    }
    assert {"object_store", "datacite", "orcid_client_id"} <= optional


def test_addresses_name_services_and_their_roles(compose: dict[str, Any], secrets: Path) -> None:
    web = variables_of(compose["services"]["web"], secrets)
    migrate = variables_of(compose["services"]["migrate"], secrets)
    database = variables_of(compose["services"]["database"], secrets)
    broker = variables_of(compose["services"]["broker"], secrets)
    for variables, role, password in (
        (web, "stemma_app", database["APP_PASSWORD"]),
        (migrate, "stemma_owner", database["OWNER_PASSWORD"]),
    ):
        address = urlsplit(variables["DATABASE_URL"])
        assert (address.username, address.password) == (role, password)
        assert (address.hostname, address.path) == ("database", f"/{database['POSTGRES_DB']}")
    assert urlsplit(web["BROKER_URL"]).hostname == "broker"
    assert urlsplit(web["BROKER_URL"]).password == broker["VALKEY_PASSWORD"]


def test_only_migrations_know_the_owner_of_the_tables(compose: dict[str, Any], secrets: Path) -> None:
    for name in ("web", "worker", "worker-short", "beat"):
        variables = variables_of(compose["services"][name], secrets)
        assert "DATABASE_OWNER_URL" not in variables, name
        assert "stemma_owner" not in variables["DATABASE_URL"], name
    with pytest.raises(EnvironmentVariableError, match="DATABASE_URL"):
        read_environment({"STEMMA_SECRET_KEY": "x"})


def test_no_secret_stands_in_a_committed_file(secrets: Path) -> None:
    values = [
        value
        for path in secrets.glob("*.env")
        for name, value in read_env_file(path).items()
        if "PASSWORD" in name or "SECRET" in name
    ]
    assert len(set(values)) == len(values) >= 5
    assert all(len(value) == 64 for value in values)
    committed = COMPOSE_FILE.read_text(encoding="utf-8") + (CHECKOUT / "deploy/create-env.sh").read_text(
        "utf-8"
    )
    assert not re.search(r"[0-9a-f]{32}", committed)
    assert "env/" in (CHECKOUT / "deploy" / ".gitignore").read_text(encoding="utf-8").split()
    for path in secrets.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_passwords_are_never_overwritten(secrets: Path) -> None:
    before = (secrets / "stemma.env").read_bytes()
    command = ["sh", str(CHECKOUT / "deploy" / "create-env.sh"), "https://other.example.org", str(secrets)]
    again = subprocess.run(command, check=False, capture_output=True, text=True)
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert (secrets / "stemma.env").read_bytes() == before


def test_mounted_files_exist(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./") and not source.startswith("./deploy/env/"):
                assert (CHECKOUT / source).is_file(), f"{name}: {source}"
            elif not source.startswith("./"):
                assert source in compose["volumes"], f"{name}: {source}"


def test_nginx_lets_uploads_through_and_keeps_the_digest_as_etag() -> None:
    text = (CHECKOUT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    locations = {
        match["path"]: match["body"]
        for match in re.finditer(r"location (?:~ )?(?P<path>\S+) \{(?P<body>[^}]*)\}", text)
    }
    receiving = [
        route.path for route in list_byte_routes() if any(operation.takes for operation in route.operations)
    ]
    assert receiving
    for path in receiving:
        longest = max((place for place in locations if path.startswith(place)), key=len)
        assert "proxy_request_buffering off;" in locations[longest], path
        assert "client_max_body_size 0;" in locations[longest], path
    stored = locations["/internal-objects/"]
    assert "internal;" in stored
    assert "etag off;" in stored
    assert "add_header ETag $upstream_http_etag always;" in stored
    assert text.count("{") == text.count("}")


def test_nginx_adds_to_what_is_said_of_a_visitor_and_has_the_addresses_that_are_trusted(
    compose: dict[str, Any],
) -> None:
    text = (CHECKOUT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    said = dict(re.findall(r"proxy_set_header (\S+) (\S+);", text))
    assert said["X-Forwarded-For"] == "$proxy_add_x_forwarded_for"
    for name, seen in (("proto", "$scheme"), ("host", "$http_host")):
        assert said[f"X-Forwarded-{name.title()}"] == f"$forwarded_{name}"
        assert f'"$http_x_forwarded_{name}, {seen}"' in text
    for name, place in compose["services"]["nginx"]["networks"].items():
        (pool,) = compose["networks"][name]["ipam"]["config"]
        assert ip_address(place["ipv4_address"]) in ip_network(pool["subnet"])
        assert ip_address(place["ipv4_address"]) not in ip_network(pool["ip_range"])
