#!/bin/bash
# Installs what an application server needs from Amazon Linux's own repositories.
set -euo pipefail
. /etc/minusnow/host.env

dnf -y install "nodejs$NODE_MAJOR" "nodejs$NODE_MAJOR-npm" amazon-efs-utils "postgresql$POSTGRES_MAJOR" tar gzip
alternatives --set node "/usr/bin/node-$NODE_MAJOR"
curl -fsSL --retry 5 -o /etc/minusnow/database-ca.pem "$DATABASE_CA_URL"
