# FreeSWITCH from Alpine's own package: it needs no account and no token, and has the modules that callrouter uses (docs/docker.md says which nobody has looked for).
FROM alpine:3.22
RUN apk add --no-cache freeswitch tzdata \
 && addgroup -g 1500 callrouter \
 && addgroup freeswitch callrouter \
 && mkdir -p /run/freeswitch /var/lib/freeswitch /var/log/freeswitch \
 && chown -R freeswitch:callrouter /run/freeswitch /var/lib/freeswitch /var/log/freeswitch
COPY --chmod=755 docker/freeswitch.sh /usr/local/bin/freeswitch.sh
USER freeswitch:callrouter
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["nc", "-z", "-w", "2", "127.0.0.1", "8021"]
CMD ["freeswitch.sh"]
