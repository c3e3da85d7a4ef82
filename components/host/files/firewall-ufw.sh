#!/bin/bash
# Opens to the network what /etc/minusnow/firewall lists, a port and a source in each line, and nothing else.
set -euo pipefail

ufw --force reset >/dev/null
ufw default deny incoming
ufw default allow outgoing
while read -r port source; do
    ufw allow proto tcp from "$source" to any port "$port"
done </etc/minusnow/firewall
ufw --force enable
# Also at the next boot, where somebody had switched it off.
systemctl enable ufw.service
