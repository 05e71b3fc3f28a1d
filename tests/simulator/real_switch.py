"""A private FreeSWITCH with the smallest configuration that shows what its event socket does: loopback, free ports."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from callrouter.simulator.freeswitch import PrivateFreeSwitch, find_freeswitch
from callrouter.simulator.ports import free_port, media_ports

DOMAIN = "pbx.muster.example"
PASSWORDS = {"anna-desk": "4f1bX2-desk", "anna-soft": "4f1bX2-soft", "ben-desk": "9c7aQ1-desk"}
ESL_PASSWORD = "only-for-this-test"
_MODULES = (
    "logfile", "event_socket", "sofia", "dptools", "commands", "dialplan_xml", "json_cdr", "sndfile", "tone_stream",
)  # fmt: skip

_XML = """<document type="freeswitch/xml">
<section name="configuration">
 <configuration name="modules.conf"><modules>{modules}</modules></configuration>
 <configuration name="switch.conf"><settings>
  <param name="max-sessions" value="200"/><param name="sessions-per-second" value="100"/>
  <param name="rtp-start-port" value="{rtp}"/><param name="rtp-end-port" value="{rtp_end}"/>
  <param name="loglevel" value="debug"/>
 </settings></configuration>
 <configuration name="logfile.conf"><profiles><profile name="default">
  <settings><param name="logfile" value="{root}/log/freeswitch.log"/></settings>
  <mappings><map name="all" value="debug,info,notice,warning,err,crit,alert"/></mappings>
 </profile></profiles></configuration>
 <configuration name="event_socket.conf"><settings>
  <param name="listen-ip" value="127.0.0.1"/><param name="listen-port" value="{esl}"/>
  <param name="password" value="{password}"/>
 </settings></configuration>
 <configuration name="json_cdr.conf"><settings>
  <param name="log-dir" value="{root}/cdr"/><param name="log-b-leg" value="false"/>
  <param name="prefix-a-leg" value="true"/><param name="encode-values" value="false"/>
 </settings></configuration>
 <configuration name="acl.conf"><network-lists>
  <list name="trunks" default="deny"><node type="allow" cidr="127.0.0.0/8"/></list>
 </network-lists></configuration>
 <configuration name="sofia.conf"><profiles>
  <profile name="phones"><settings>{common}
   <param name="sip-port" value="{phones}"/><param name="context" value="internal"/>
   <param name="auth-calls" value="true"/><param name="multiple-registrations" value="false"/>
   <param name="challenge-realm" value="auto_from"/>
  </settings></profile>
  <profile name="trunk"><settings>{common}
   <param name="sip-port" value="{trunk}"/><param name="context" value="public"/>
   <param name="auth-calls" value="false"/><param name="apply-inbound-acl" value="trunks"/>
  </settings></profile>
 </profiles></configuration>
</section>
<section name="dialplan">
 <context name="public"><extension name="any"><condition>
  <action application="set" data="callrouter_number=${{destination_number}}"/>
  <action application="socket" data="127.0.0.1:{router} full"/>
  <action application="set" data="callrouter_fallback=true"/>
  <action application="push" data="callrouter_step=f-anna;ring;employee:anna;no_answer"/>
  <action application="hangup" data="NO_ANSWER"/>
 </condition></extension></context>
 <context name="internal"><extension name="any"><condition field="destination_number" expression="^([a-z-]+)$">
  <action application="export" data="ignore_early_media=true"/>
  <action application="bridge" data="sofia/phones/$1%{domain}"/>
 </condition></extension></context>
</section>
<section name="directory"><domain name="{domain}">
 <params><param name="allow-empty-password" value="false"/></params>
 <groups><group name="all"><users>{users}</users></group></groups>
</domain></section>
</document>
"""
_COMMON = "".join(
    f'<param name="{name}" value="{value}"/>'
    for name, value in {
        "sip-ip": "127.0.0.1",
        "rtp-ip": "127.0.0.1",
        "dialplan": "XML",
        "codec-prefs": "PCMA,PCMU",
        "inbound-codec-negotiation": "generous",
        "rtp-timer-name": "soft",
        "manage-presence": "false",
        "auth-all-packets": "false",
    }.items()
)


class RealSwitch:
    """Start it in *root*; ``router_port`` is where its dialplan's ``socket`` goes."""

    def __init__(self, root: Path, router_port: int) -> None:
        binary = find_freeswitch()
        assert binary is not None
        self.phones_port, self.trunk_port = free_port(), free_port()
        self.esl_port = free_port()
        for name in ("conf", "cdr", "recordings"):
            (root / name).mkdir()
        rtp, rtp_end = media_ports()
        (root / "conf" / "freeswitch.xml").write_text(
            _XML.format(
                modules="".join(f'<load module="mod_{name}"/>' for name in _MODULES),
                root=root,
                rtp=rtp,
                rtp_end=rtp_end,
                esl=self.esl_port,
                password=ESL_PASSWORD,
                common=_COMMON,
                phones=self.phones_port,
                trunk=self.trunk_port,
                router=router_port,
                domain=DOMAIN,
                users="".join(
                    f'<user id="{user}"><params><param name="password" value="{password}"/></params></user>'
                    for user, password in PASSWORDS.items()
                ),
            )
        )
        self._switch = PrivateFreeSwitch(
            binary, conf_dir=root / "conf", run_dir=root, event_socket=f"127.0.0.1:{self.esl_port}"
        )
        self.kill, self.stop = self._switch.kill9, self._switch.stop
        self._switch.start()
        end = time.monotonic() + 15
        while self.api("sofia status").count("RUNNING") < 2:
            assert time.monotonic() < end, "the SIP profiles did not start"
            time.sleep(0.05)

    def api(self, command: str) -> str:
        """What the event socket answers to an api command."""
        with socket.create_connection(("127.0.0.1", self.esl_port), timeout=5) as connection:
            stream = connection.makefile("rwb")
            for text in (f"auth {ESL_PASSWORD}", f"api {command}"):
                stream.write(f"{text}\n\n".encode())
                stream.flush()
            while (line := stream.readline()) and not line.startswith(b"Content-Length"):
                pass
            length = int(line.split(b":")[1])
            stream.readline()
            return stream.read(length).decode()
