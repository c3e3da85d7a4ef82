#!/bin/bash
# Opens to the network what /etc/minusnow/firewall lists, a port and a source in each line, and nothing else.
set -euo pipefail

if command -v ufw >/dev/null; then
    ufw --force reset >/dev/null
    ufw default deny incoming
    ufw default allow outgoing
    while read -r port source; do
        ufw allow proto tcp from "$source" to any port "$port"
    done </etc/minusnow/firewall
    ufw --force enable
    # Also at the next boot, where somebody had switched it off.
    systemctl enable ufw.service
else
    systemctl enable --now firewalld
    firewall-cmd --permanent --zone=public --remove-service=ssh --remove-service=dhcpv6-client
    while read -r port source; do
        firewall-cmd --permanent --zone=public --add-rich-rule="rule family=\"ipv4\" source address=\"$source\" port protocol=\"tcp\" port=\"$port\" accept"
    done </etc/minusnow/firewall
    firewall-cmd --reload
fi
