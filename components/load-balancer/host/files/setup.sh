#!/bin/bash
# First boot of a balancer; may run again at any time.
set -euo pipefail
. /etc/minusnow/host.env

/usr/local/lib/minusnow/packages
/usr/local/lib/minusnow/firewall

rm -f /etc/nginx/sites-enabled/default
if command -v selinuxenabled >/dev/null && selinuxenabled; then
    # Nginx and HAProxy may connect to servers.
    setsebool -P httpd_can_network_connect on haproxy_connect_any on
fi
if command -v semanage >/dev/null; then
    # What balancers read and write is in places of our own: SELinux tells of it and lets it happen.
    domain=${PROGRAM/nginx/httpd}_t
    permissive=$(semanage permissive --list)
    [[ $permissive == *"$domain"* ]] || semanage permissive --add "$domain"
fi
mkdir -p /run/minusnow
systemctl daemon-reload
systemctl enable --now minusnow-certificate.timer minusnow-balancer.timer
systemctl start minusnow-balancer.service
systemctl start minusnow-certificate.service
[ "$PROGRAM" = haproxy ] || systemctl enable --now minusnow-health.service
