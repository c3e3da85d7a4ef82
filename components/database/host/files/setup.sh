#!/bin/bash
# First boot of a database machine; may run again at any time.
set -euo pipefail
. /etc/minusnow/host.env

/usr/local/lib/minusnow/packages
/usr/local/lib/minusnow/firewall

# The package brings a cluster of its own, which is empty.
own=$(dirname "$PG_BIN")
[ ! -e "/etc/postgresql/${own##*/}/main" ] || pg_dropcluster --stop "${own##*/}" main

install -d -o postgres -g postgres -m 0700 /var/lib/postgresql
systemctl daemon-reload
systemctl enable --now minusnow-keeper.service minusnow-backup.timer
