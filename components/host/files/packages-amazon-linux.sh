#!/bin/bash
# Installs Node.js and what this kind of machine needs from Amazon Linux's own repositories; a database is PostgreSQL's own.
set -euo pipefail
. /etc/minusnow/host.env

if [[ $PACKAGES == *pgbackrest* ]]; then
    # Amazon's PostgreSQL has the same names and goes before; it has no pgBackRest.
    dnf config-manager --save --setopt='amazonlinux.excludepkgs=postgresql*'
    rpm -q pgdg-amazonlinux-repo >/dev/null ||
        dnf -y install https://download.postgresql.org/pub/repos/yum/reporpms/AL-2023-x86_64/pgdg-amazonlinux-repo-latest.noarch.rpm
fi
dnf -y install "nodejs$NODE_MAJOR" "nodejs$NODE_MAJOR-npm" $PACKAGES
alternatives --set node "/usr/bin/node-$NODE_MAJOR"
[ -z "${DATABASE_CA_URL:-}" ] || curl -fsSL --retry 5 -o /etc/minusnow/database-ca.pem "$DATABASE_CA_URL"
