#!/bin/sh
# Runs once, when the data folder is new: the two roles that the embedded stack has too. The owner migrates;
# the application's role reads and writes rows and nothing more.
set -eu

psql --variable ON_ERROR_STOP=1 --username postgres --dbname "$POSTGRES_DB" \
    --variable owner_password="$OWNER_PASSWORD" --variable app_password="$APP_PASSWORD" \
    --variable database="$POSTGRES_DB" <<'SQL'
CREATE ROLE stemma_owner LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION PASSWORD :'owner_password';
CREATE ROLE stemma_app LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION PASSWORD :'app_password';
ALTER DATABASE :"database" OWNER TO stemma_owner;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO stemma_app;
GRANT USAGE, CREATE ON SCHEMA public TO stemma_owner;
GRANT USAGE ON SCHEMA public TO stemma_app;
REVOKE CREATE ON SCHEMA public FROM PUBLIC, stemma_app;
ALTER DEFAULT PRIVILEGES FOR ROLE stemma_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO stemma_app;
ALTER DEFAULT PRIVILEGES FOR ROLE stemma_owner GRANT USAGE, SELECT ON SEQUENCES TO stemma_app;
-- Only a superuser may create this one; the others a migration creates itself.
CREATE EXTENSION IF NOT EXISTS vector;
SQL
