"""Which environment variables the settings and the embedded stack ask for: they are asked while they read."""

from project.environment import read_environment, read_stack_environment

# What each group asks for once its first variable is there.
EVERYTHING = {
    "STEMMA_SECRET_KEY": "x",
    "DATABASE_URL": "postgresql://a@b/c",
    "BROKER_URL": "memory://",
    "S3_BUCKET": "objects",
    "S3_ACCESS_KEY_ID": "key",
    "S3_SECRET_ACCESS_KEY": "secret",
    "DATACITE_REPOSITORY": "A.B",
    "DATACITE_PASSWORD": "p",
    "DATACITE_PREFIX": "10.12345",
    "STEMMA_SMTP_URL": "smtps://mail.example.org",
    "STEMMA_MAIL_FROM": "Stemma <stemma@example.org>",
}


class _Asked(dict[str, str]):
    """Variables that note which of them somebody asks for."""

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__(variables)
        self.names: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, default)


def list_asked_variables() -> frozenset[str]:
    """Return every variable that web, workers, management commands or the embedded stack look at."""
    variables = _Asked(EVERYTHING)
    read_environment(variables)
    read_stack_environment(variables)
    return frozenset(variables.names)
