#!/bin/bash
# Installs Node.js, AWS's tools and what this kind of machine needs on Debian and Ubuntu.
set -euo pipefail
. /etc/minusnow/host.env
export DEBIAN_FRONTEND=noninteractive

apt-get update
apt-get install -y ca-certificates curl gnupg

curl -fsSL --retry 5 https://deb.nodesource.com/gpgkey/nodesource-repo.gpg.key | gpg --dearmor --yes -o /usr/share/keyrings/nodesource.gpg
echo "deb [signed-by=/usr/share/keyrings/nodesource.gpg] https://deb.nodesource.com/node_$NODE_MAJOR.x nodistro main" >/etc/apt/sources.list.d/nodesource.list
apt-get update
apt-get install -y nodejs $PACKAGES

if command -v snap >/dev/null; then
    snap install aws-cli --classic
else
    apt-get install -y awscli
fi
if [ -z "$(systemctl list-unit-files --no-legend '*amazon-ssm-agent*' || true)" ]; then
    curl -fsSL --retry 5 -o /tmp/ssm.deb "https://s3.$REGION.amazonaws.com/amazon-ssm-$REGION/latest/debian_amd64/amazon-ssm-agent.deb"
    apt-get install -y /tmp/ssm.deb
    rm /tmp/ssm.deb
fi
if grep -qs ' efs ' /etc/minusnow/fstab && ! command -v mount.efs >/dev/null; then
    curl -fsSL --retry 5 https://amazon-efs-utils.aws.com/efs-utils-installer.sh | sh -s -- --install
fi
[ -z "${DATABASE_CA_URL:-}" ] || curl -fsSL --retry 5 -o /etc/minusnow/database-ca.pem "$DATABASE_CA_URL"
