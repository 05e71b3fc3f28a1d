"""The certificate shown over TLS: made once and kept, or the company's own, which must be whole."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from callrouter.directory.document import CompanyFile
from callrouter.errors import RenderError
from callrouter.rendering import certificates
from callrouter.rendering.changes import compare
from callrouter.rendering.reload import restart_reasons
from callrouter.settings import FreeSwitch, Settings

NOW = dt.datetime(2026, 11, 21, 15, tzinfo=dt.UTC)
NAME = "agent.pem"


def files(folder: Path, *, trunk: dict[str, Any] | None = None, **freeswitch: Any) -> dict[str, bytes]:
    settings = Settings(freeswitch=FreeSwitch(**freeswitch), base=folder)
    company = {"company": {"name": "Muster", "sip_domain": "pbx.muster.example"}, "trunks": [trunk] if trunk else []}
    return certificates.files(settings, CompanyFile.model_validate(company), NOW)


def test_one_is_made_once_for_the_domain_and_kept(tmp_path: Path):
    first = files(tmp_path, external_ip="192.0.2.1")
    assert first == files(tmp_path)
    assert set(first) == {"tls/agent.pem", "tls/cafile.pem"}
    assert (tmp_path / certificates.SELF_MADE).stat().st_mode & 0o777 == 0o600
    certificate = x509.load_pem_x509_certificate(first["tls/agent.pem"])
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["pbx.muster.example"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.1"]
    assert certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc


def test_without_tls_nothing_is_made(tmp_path: Path):
    assert files(tmp_path, phones_tls_port=0) == {}
    assert not list(tmp_path.iterdir())


def test_the_authorities_matter_to_trunks_over_tls_alone(tmp_path: Path):
    line = {"name": "line", "proxy": "sip.provider.example", "transport": "tls"}
    (tmp_path / "ca.pem").write_bytes(b"the authorities")
    assert files(tmp_path, trunk=line, phones_tls_port=0, tls_authorities="ca.pem")["tls/cafile.pem"] == (
        b"the authorities"
    )
    assert files(tmp_path, tls_authorities="nowhere.pem")
    with pytest.raises(RenderError, match=r"tls_authorities: .*nowhere\.pem: No such file"):
        files(tmp_path, trunk=line, tls_authorities="nowhere.pem")


def test_the_company_s_own_is_taken(tmp_path: Path):
    made = _one(tmp_path / "a")
    key, certificate = made[: made.index(b"-----BEGIN CERT")], made[made.index(b"-----BEGIN CERT") :]
    (tmp_path / "own.key").write_bytes(key)
    (tmp_path / "own.crt").write_bytes(certificate)
    assert files(tmp_path, tls_certificate="own.crt", tls_key="own.key")["tls/agent.pem"] == made
    (tmp_path / "both.pem").write_bytes(certificate + key)
    assert files(tmp_path, tls_certificate="both.pem")["tls/agent.pem"] == made
    assert not (tmp_path / certificates.SELF_MADE).exists()


def _one(folder: Path) -> bytes:
    folder.mkdir()
    return files(folder)["tls/agent.pem"]


def test_what_cannot_be_used_is_told(tmp_path: Path):
    one, other = _one(tmp_path / "a"), _one(tmp_path / "b")
    (tmp_path / "mixed.pem").write_bytes(
        one[: one.index(b"-----BEGIN CERT")] + other[other.index(b"-----BEGIN CERT") :]
    )
    (tmp_path / "none.pem").write_bytes(b"no PEM")
    for name, words in (("mixed.pem", "does not begin with"), ("none.pem", "as PEM"), ("nowhere.pem", "No such file")):
        with pytest.raises(RenderError, match=words):
            files(tmp_path, tls_certificate=name)


def test_a_new_certificate_needs_a_restart_of_the_profile(tmp_path: Path):
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / NAME).write_bytes(_one(tmp_path / "a"))
    found = compare({f"tls/{NAME}": _one(tmp_path / "b")}, tmp_path)
    assert [reason for reason in restart_reasons(found) if reason.startswith("tls/agent.pem: restart")]
