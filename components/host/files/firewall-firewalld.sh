#!/bin/bash
# Opens to the network what /etc/minusnow/firewall lists, a port and a source in each line, and nothing else.
set -euo pipefail

systemctl enable --now firewalld
public() { firewall-cmd --permanent --zone=public "$@"; }
for service in $(public --list-services); do
    public --remove-service="$service"
done
while read -r rule; do
    [ -z "$rule" ] || public --remove-rich-rule="$rule"
done < <(public --list-rich-rules)
while read -r port source; do
    public --add-rich-rule="rule family=\"ipv4\" source address=\"$source\" port protocol=\"tcp\" port=\"$port\" accept"
done </etc/minusnow/firewall
firewall-cmd --set-default-zone=public
firewall-cmd --reload
