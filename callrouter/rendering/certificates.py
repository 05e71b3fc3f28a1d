"""The certificate that FreeSWITCH shows to phones over TLS: the company's own one, or one made here once.

Sofia reads ``agent.pem`` (key and certificates) and ``cafile.pem`` (whom it trusts) from one folder.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from callrouter.directory.document import CompanyFile
from callrouter.errors import RenderError
from callrouter.settings import Settings
from callrouter.spool import write_whole

FOLDER = "tls"
#: Where the one made here lies, beside the settings: lost, phones that have learnt it ask their users again.
SELF_MADE = "callrouter-tls.pem"
_VALID = dt.timedelta(days=3650)


def files(settings: Settings, company: CompanyFile, now: dt.datetime) -> dict[str, bytes]:
    """``tls/agent.pem`` and ``tls/cafile.pem`` of ``conf_dir``; nothing where nobody speaks TLS.

    Raises RenderError for a certificate, a key or authorities that cannot be used.
    """
    freeswitch = settings.freeswitch
    trunks = any(trunk.transport == "tls" for trunk in company.trunks)
    if not freeswitch.phones_tls_port and not trunks:
        return {}
    if freeswitch.tls_certificate:
        certificate = settings.base / freeswitch.tls_certificate
        agent = _own(certificate, settings.base / freeswitch.tls_key if freeswitch.tls_key else certificate)
    else:
        agent = _self_made(settings.base / SELF_MADE, company.company.sip_domain, freeswitch.external_ip, now)
    authorities = agent
    if trunks and freeswitch.tls_authorities:
        try:
            authorities = (settings.base / freeswitch.tls_authorities).read_bytes()
        except OSError as error:
            raise RenderError(f"[freeswitch] tls_authorities: {error.filename}: {error.strerror}") from error
    return {f"{FOLDER}/agent.pem": agent, f"{FOLDER}/cafile.pem": authorities}


def _own(certificate: Path, key: Path) -> bytes:
    """Key and certificates of the company, checked to belong together."""
    try:
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
        loaded = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except OSError as error:
        raise RenderError(f"[freeswitch] tls_certificate: {error.filename}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise RenderError(
            f"[freeswitch] tls_certificate: {certificate} and {key} must hold certificates and a key as PEM, the key "
            f"without a password: {error}"
        ) from error
    if chain[0].public_key() != loaded.public_key():
        raise RenderError(f"[freeswitch] tls_certificate: {certificate} does not begin with the certificate of {key}")
    return _pem(loaded, chain)  # type: ignore[arg-type]


def _self_made(path: Path, domain: str, address: str, now: dt.datetime) -> bytes:
    """The one made here, made now if there is none yet."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise RenderError(f"{path}: {error.strerror}") from error
    try:
        write_whole(path, _make(domain, address, now), mode=0o600, sync=True)
        return path.read_bytes()
    except OSError as error:
        raise RenderError(f"{path}: {error.strerror}; name a certificate as [freeswitch] tls_certificate") from error


def _make(domain: str, address: str, now: dt.datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain[:64])])
    names: list[x509.GeneralName] = [x509.DNSName(domain)]
    if address:
        names.append(x509.IPAddress(ipaddress.ip_address(address)))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _pem(key, [certificate])


def _pem(key: ec.EllipticCurvePrivateKey, chain: list[x509.Certificate]) -> bytes:
    encoding = serialization.Encoding.PEM
    text = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return text + b"".join(certificate.public_bytes(encoding) for certificate in chain)
