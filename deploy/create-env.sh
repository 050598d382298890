#!/bin/sh
# Write the files that docker-compose.yml reads: one for each part, so that no part learns the password of another.
#   sh deploy/create-env.sh PUBLIC_URL [FOLDER]
# Nothing that exists is overwritten.
set -eu
umask 077

if [ $# -lt 1 ]; then
    echo "usage: sh deploy/create-env.sh https://stemma.example.org [folder]" >&2
    exit 2
fi
public_url=$1
folder=${2:-$(dirname "$0")/env}
host=${public_url#*://}
host=${host%%[:/]*}

if [ -e "$folder/stemma.env" ]; then
    echo "$folder/stemma.env exists already; delete the folder to make new passwords (the database keeps its own)." >&2
    exit 1
fi
mkdir -p "$folder"

random() {
    head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}
app=$(random)
owner=$(random)
broker=$(random)
s3_secret=$(random)

cat > "$folder/database.env" <<END
POSTGRES_PASSWORD=$(random)
POSTGRES_DB=stemma
OWNER_PASSWORD=$owner
APP_PASSWORD=$app
END

cat > "$folder/broker.env" <<END
VALKEY_PASSWORD=$broker
END

cat > "$folder/owner.env" <<END
DATABASE_URL=postgresql://stemma_owner:$owner@database:5432/stemma
DATABASE_OWNER_URL=postgresql://stemma_owner:$owner@database:5432/stemma
END

cat > "$folder/s3.json" <<END
{"identities": [{"name": "stemma", "credentials": [{"accessKey": "stemma", "secretKey": "$s3_secret"}],
                 "actions": ["Read", "Write", "List", "Tagging", "Admin"]}]}
END

cat > "$folder/stemma.env" <<END
STEMMA_SECRET_KEY=$(random)
STEMMA_PUBLIC_URL=$public_url
STEMMA_ALLOWED_HOSTS=$host
DATABASE_URL=postgresql://stemma_app:$app@database:5432/stemma
BROKER_URL=redis://:$broker@broker:6379/0

# How long a worker may be silent before its job is given to another one, and limits on people.
#STEMMA_JOB_LEASE_SECONDS=30
#STEMMA_MAX_FILE_SIZE=2 TB
#STEMMA_QUOTA=10 TB
#STEMMA_REQUESTS_PER_MINUTE=600

# Hours after which stored bytes that nobody owns are removed.
#STEMMA_COLLECT_GRACE=24

# What uploads and jobs leave free on the disk of the volume "home", for database, broker and logs.
#STEMMA_DISK_RESERVE=2 GB

# Every stored object is read again within so many days, at so many bytes a second on the average.
#STEMMA_FIXITY_DAYS=90
#STEMMA_FIXITY_RATE=20 MB

# Objects in S3 instead of the volume "home" (start with: docker compose --profile s3 up).
#S3_ENDPOINT_URL=http://s3:8333
#S3_BUCKET=stemma
#S3_REGION=us-east-1
#S3_ACCESS_KEY_ID=stemma
#S3_SECRET_ACCESS_KEY=$s3_secret

# DOIs by DataCite; without these they are minted locally under 10.5072 and never transmitted.
#DATACITE_URL=https://api.test.datacite.org
#DATACITE_REPOSITORY=
#DATACITE_PASSWORD=
#DATACITE_PREFIX=

# Mail: links that make an account, confirm an address, or choose a new password. Without these, messages lie in the
# folder mail of the volume "home" until the operator hands them on.
#STEMMA_SMTP_URL=smtp+starttls://user:password@mail.example.org:587
#STEMMA_MAIL_FROM=Stemma <stemma@$host>

# Sign-in with ORCID.
#ORCID_CLIENT_ID=
#ORCID_CLIENT_SECRET=
END

echo "wrote $folder/{stemma,owner,database,broker}.env and s3.json, readable by you alone"
