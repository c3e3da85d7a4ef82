#!/bin/bash
# Installs Node.js and what this kind of machine needs on Red Hat Enterprise Linux, on an image that Azure offers.
set -euo pipefail
. /etc/minusnow/host.env
export AZNFS_NONINTERACTIVE_INSTALL=1

# Servers keep releases in /opt, everything else what it has in /var.
/usr/local/lib/minusnow/grow "$([ -n "${APP_DIRECTORY:-}" ] && echo rootlv || echo varlv)"

dnf -y install policycoreutils-python-utils
# What is ours under /usr/local/lib runs, which SELinux lets nothing do that it takes for a library.
semanage fcontext --add --type bin_t '/usr/lib/minusnow(/.*)?' 2>/dev/null ||
    semanage fcontext --modify --type bin_t '/usr/lib/minusnow(/.*)?'
restorecon -R /usr/local/lib/minusnow

cat >/etc/yum.repos.d/nodesource.repo <<END
[nodesource]
name=Node.js
baseurl=https://rpm.nodesource.com/pub_$NODE_MAJOR.x/nodistro/nodejs/x86_64
gpgkey=https://rpm.nodesource.com/gpgkey/ns-operations-public.key
gpgcheck=1
module_hotfixes=1
END
# It needs a library of EPEL.
[[ $PACKAGES != *pgbackrest* ]] || dnf -y install https://dl.fedoraproject.org/pub/epel/epel-release-latest-9.noarch.rpm
[[ $PACKAGES != *postgresql* ]] ||
    dnf -y install https://download.postgresql.org/pub/repos/yum/reporpms/EL-9-x86_64/pgdg-redhat-repo-latest.noarch.rpm
[[ $PACKAGES != *aznfs* ]] || dnf -y install https://packages.microsoft.com/config/rhel/9/packages-microsoft-prod.rpm
dnf -y install nodejs $PACKAGES

# The image has a firewall that lets SSH in alone; a machine that opens none of its own is behind the network's.
[[ $PACKAGES == *firewalld* ]] || systemctl disable --now firewalld

# The authorities that sign Azure's servers are those of the system.
ln -sf /etc/pki/tls/certs/ca-bundle.crt /etc/minusnow/database-ca.pem
