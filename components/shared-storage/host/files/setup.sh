#!/bin/bash
# First boot of the file server; may run again at any time.
set -euo pipefail

/usr/local/lib/minusnow/packages
/usr/local/lib/minusnow/firewall

systemctl daemon-reload
systemctl enable minusnow-volume.service nfs-server.service
systemctl restart nfs-server.service
