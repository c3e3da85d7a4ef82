#!/bin/bash
# First boot of the witness; may run again at any time.
set -euo pipefail

/usr/local/lib/minusnow/packages
/usr/local/lib/minusnow/firewall
systemctl daemon-reload
systemctl enable --now minusnow-witness.service
