#!/bin/bash
# Has one of the image's logical volumes, rootlv or varlv, take what the image leaves unused of the disk, which is most of it. An
# image without them grows by itself. May run again at any time.
set -euo pipefail

lvs "rootvg/$1" >/dev/null 2>&1 || exit 0
volume=$(pvs --noheadings --options pv_name --select vg_name=rootvg | tr -d ' ')
disk=$(lsblk --nodeps --noheadings --output PKNAME "$volume")
partition=$(partx --noheadings --output NR "$volume" | tr -d ' ')
# 1 says that the partition has the whole disk already.
growpart "/dev/$disk" "$partition" || [ $? = 1 ]
pvresize "$volume"
free=$(vgs --noheadings --options vg_free_count rootvg | tr -d ' ')
[ "$free" = 0 ] || lvextend --resizefs --extents +100%FREE "rootvg/$1"
