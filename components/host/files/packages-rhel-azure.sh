#!/bin/bash
# Installs Node.js and what this kind of machine needs on Red Hat Enterprise Linux, on an image that Azure offers.
set -euo pipefail
. /etc/minusnow/host.env
export AZNFS_NONINTERACTIVE_INSTALL=1

/usr/local/lib/minusnow/grow

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
if [[ $PACKAGES == *postgresql* ]]; then
    # pgBackRest needs a library of EPEL.
    dnf -y install https://dl.fedoraproject.org/pub/epel/epel-release-latest-9.noarch.rpm
    dnf -y install https://download.postgresql.org/pub/repos/yum/reporpms/EL-9-x86_64/pgdg-redhat-repo-latest.noarch.rpm
fi
[[ $PACKAGES != *aznfs* ]] || dnf -y install https://packages.microsoft.com/config/rhel/9/packages-microsoft-prod.rpm
dnf -y install nodejs $PACKAGES

# The authorities that sign Azure's servers are those of the system.
ln -sf /etc/pki/tls/certs/ca-bundle.crt /etc/minusnow/database-ca.pem
