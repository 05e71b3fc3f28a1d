#!/bin/sh
# Runs once before FreeSWITCH starts, and again at every `up`: settings, tables, the company if there is none yet, and
# the configuration that FreeSWITCH will load. Each step leaves alone what is already as it should be.
set -eu
umask 0007
callrouter init
if ! callrouter export >/dev/null 2>&1; then
  callrouter import company.yaml
fi
callrouter config apply --no-reload
