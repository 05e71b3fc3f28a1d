#!/bin/sh
# CDRs and recordings must be readable by callrouter: the directories are set-group-id, the umask leaves the group in.
set -eu
umask 0007
# Worth nothing after a start; with a damaged one FreeSWITCH would not start at all.
rm -f /var/lib/freeswitch/db/core.db*
exec freeswitch -nf -nc -nonat
