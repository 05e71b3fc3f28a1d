"""A private Dovecot with one mailbox: all it has is in a temporary folder, and it listens on loopback alone.

Mail processes refuse root, so for root they run as an unprivileged user.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from imapclient import IMAPClient

USER, PASSWORD = "vertrieb@muster.example", "Füße & geheim"
_UNPRIVILEGED = ("dovenull", "nobody")
_DEADLINE = 60.0

_CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
instance_name = {home}
login_trusted_networks =
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
ssl = {ssl}
{certificate}
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = {uid}
first_valid_gid = 0
mail_location = sdbox:{home}/mail
mail_max_userip_connections = 50
{capability}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {home}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""


def _user() -> pwd.struct_passwd:
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid())
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(names[name] for name in _UNPRIVILEGED if name in names)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Dovecot:
    """Runs for the length of the block; ``stop`` and ``start`` in between keep port and mails.

    ``certificate`` is a PEM file with certificate and key: then ``tls_port`` speaks TLS, and ``port`` STARTTLS.
    ``lacks``: capabilities that it does not tell of.
    """

    def __init__(self, certificate: Path | None = None, *, capabilities: str = "") -> None:
        self.home = Path(tempfile.mkdtemp(prefix="imap-"))
        self.port, self.tls_port = _free_port(), _free_port() if certificate else 0
        self._process: subprocess.Popen[bytes] | None = None
        user = _user()
        tls = f"ssl_cert = <{self.home}/tls.pem\nssl_key = <{self.home}/tls.pem" if certificate else ""
        if certificate:
            shutil.copy(certificate, self.home / "tls.pem")
        (self.home / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}::::::\n", "utf-8")
        (self.home / "mail").mkdir()
        text = _CONFIGURATION.format(
            home=self.home,
            ssl="yes" if certificate else "no",
            certificate=tls,
            user=user.pw_name,
            group=grp.getgrgid(user.pw_gid).gr_name,
            uid=user.pw_uid,
            gid=user.pw_gid,
            port=self.port,
            tls_port=self.tls_port,
            capability=f"imap_capability = {capabilities}" if capabilities else "",
        )
        (self.home / "dovecot.conf").write_text(text)
        for path in (self.home, *self.home.iterdir()):
            os.chown(path, user.pw_uid, user.pw_gid)

    def __enter__(self) -> Dovecot:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)  # somebody may be dying still

    def start(self) -> None:
        command = ["setpriv", "--pdeathsig=TERM", "/usr/sbin/dovecot", "-F", "-c", str(self.home / "dovecot.conf")]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + _DEADLINE
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                    if connection.recv(1):
                        return
            except OSError:
                pass
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Dovecot did not start:\n{self.log()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Kill it, with those who serve a client."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(30)
            self._process = None

    def log(self) -> str:
        path = self.home / "dovecot.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def client(self) -> IMAPClient:
        """A member's mail program, signed in."""
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=_DEADLINE)
        client.plain_login(USER, PASSWORD)
        return client
