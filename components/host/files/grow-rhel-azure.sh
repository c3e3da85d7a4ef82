#!/bin/bash
# Has the image's volumes take the whole disk, most of which it leaves unused: the first has /opt, the other /var. An image
# without them grows by itself. May run again at any time.
set -euo pipefail

lvs rootvg/varlv >/dev/null 2>&1 || exit 0
volume=$(pvs --noheadings --options pv_name --select vg_name=rootvg | tr -d ' ')
# That nothing is left to take is an error for these.
growpart "/dev/$(lsblk --nodeps --noheadings --output PKNAME "$volume")" "$(partx --noheadings --output NR "$volume" | tr -d ' ')" || true
pvresize "$volume"
lvextend --resizefs --extents +25%FREE rootvg/rootlv || true
lvextend --resizefs --extents +100%FREE rootvg/varlv || true
