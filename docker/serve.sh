#!/bin/sh
# Files that callrouter writes for FreeSWITCH must be readable by the shared group.
set -eu
umask 0007
exec callrouter serve
