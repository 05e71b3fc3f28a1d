# callrouter: the wheel and its pinned dependencies in a virtual environment, run by a user without rights.
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md ./
COPY callrouter callrouter
COPY dialplan_templates dialplan_templates
COPY freeswitch_conf freeswitch_conf
COPY migrations migrations
RUN python -m venv /opt/callrouter \
 && /opt/callrouter/bin/pip install --no-cache-dir --disable-pip-version-check --constraint constraints.txt .

FROM python:3.12-slim
# Group 1500 is the one that FreeSWITCH's container shares; the set-group-id directories become the volumes.
RUN groupadd --gid 1500 callrouter \
 && useradd --uid 1500 --gid callrouter --no-create-home --home-dir /var/lib/callrouter --shell /usr/sbin/nologin callrouter \
 && install --directory --owner callrouter --group callrouter --mode 2770 \
      /etc/freeswitch /var/lib/callrouter /var/spool/callrouter
COPY --from=build /opt/callrouter /opt/callrouter
COPY --chmod=755 docker/setup.sh docker/serve.sh /usr/local/bin/
ENV PATH=/opt/callrouter/bin:$PATH \
    PYTHONUNBUFFERED=1
USER callrouter:callrouter
WORKDIR /var/lib/callrouter
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health', timeout=4)"]
CMD ["serve.sh"]
