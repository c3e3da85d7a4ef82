#!/bin/bash
# Installs Node.js and what this kind of machine needs on Ubuntu; PostgreSQL's and Azure's own packages are at hand.
set -euo pipefail
. /etc/minusnow/host.env
. /etc/os-release
export DEBIAN_FRONTEND=noninteractive AZNFS_NONINTERACTIVE_INSTALL=1

apt-get update
apt-get install -y ca-certificates curl gnupg
curl -fsSL --retry 5 https://deb.nodesource.com/gpgkey/nodesource-repo.gpg.key | gpg --dearmor --yes -o /usr/share/keyrings/nodesource.gpg
echo "deb [signed-by=/usr/share/keyrings/nodesource.gpg] https://deb.nodesource.com/node_$NODE_MAJOR.x nodistro main" >/etc/apt/sources.list.d/nodesource.list
curl -fsSL --retry 5 https://www.postgresql.org/media/keys/ACCC4CF8.asc | gpg --dearmor --yes -o /usr/share/keyrings/postgresql.gpg
echo "deb [signed-by=/usr/share/keyrings/postgresql.gpg] https://apt.postgresql.org/pub/repos/apt $VERSION_CODENAME-pgdg main" >/etc/apt/sources.list.d/postgresql.list
curl -fsSL --retry 5 -o /tmp/microsoft.deb "https://packages.microsoft.com/config/ubuntu/$VERSION_ID/packages-microsoft-prod.deb"
dpkg -i /tmp/microsoft.deb
rm /tmp/microsoft.deb
apt-get update
apt-get install -y nodejs $PACKAGES

# The authorities that sign Azure's servers are those of the system.
ln -sf /etc/ssl/certs/ca-certificates.crt /etc/minusnow/database-ca.pem
