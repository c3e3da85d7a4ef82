#!/bin/bash
# Installs Node.js and what this kind of machine needs from Amazon Linux's own repositories.
set -euo pipefail
. /etc/minusnow/host.env

dnf -y install "nodejs$NODE_MAJOR" "nodejs$NODE_MAJOR-npm" $PACKAGES
alternatives --set node "/usr/bin/node-$NODE_MAJOR"
[ -z "${DATABASE_CA_URL:-}" ] || curl -fsSL --retry 5 -o /etc/minusnow/database-ca.pem "$DATABASE_CA_URL"
