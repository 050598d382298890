"""Django's PostgreSQL, but no request waits for ever for a database that is frozen or away."""
