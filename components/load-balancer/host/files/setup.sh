#!/bin/bash
# First boot of a balancer; may run again at any time.
set -euo pipefail
. /etc/minusnow/host.env

/usr/local/lib/minusnow/packages
/usr/local/lib/minusnow/firewall

rm -f /etc/nginx/sites-enabled/default
if command -v semanage >/dev/null; then
    # What balancers read and write is in places of our own: SELinux tells of it and lets it happen.
    for domain in haproxy_t httpd_t; do
        # Which it is already when this runs again.
        semanage permissive --add "$domain" || true
    done
elif command -v selinuxenabled >/dev/null && selinuxenabled; then
    # Nginx and HAProxy may connect to servers.
    setsebool -P httpd_can_network_connect on haproxy_connect_any on
fi
mkdir -p /run/minusnow
systemctl daemon-reload
systemctl enable --now minusnow-certificate.timer minusnow-balancer.timer
systemctl start minusnow-balancer.service
systemctl start minusnow-certificate.service
[ "$PROGRAM" = haproxy ] || systemctl enable --now minusnow-health.service
