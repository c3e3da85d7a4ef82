#!/bin/bash
# First boot of the session store; may run again at any time.
set -euo pipefail
. /etc/minusnow/host.env

/usr/local/lib/minusnow/packages
/usr/local/lib/minusnow/firewall

# The package's own service listens to this machine alone, on the same port.
for own in redis-server valkey; do
    systemctl disable --now "$own" 2>/dev/null || true
done
printf 'vm.overcommit_memory = 1\n' >/etc/sysctl.d/90-minusnow.conf
sysctl -q -p /etc/sysctl.d/90-minusnow.conf || true
systemctl daemon-reload
systemctl enable --now minusnow-sessions.service minusnow-users.timer
