#!/bin/sh
# CDRs and recordings must be readable by callrouter: the directories are set-group-id, the umask leaves the group in.
set -eu
umask 0007
exec freeswitch -nf -nc -nonat
