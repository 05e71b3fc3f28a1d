"""Has a running FreeSWITCH take over a changed configuration as far as it can without ending calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from callrouter.errors import SwitchError
from callrouter.rendering.changes import Changes

#: Read by FreeSWITCH only when it, or the module, starts; everything else is read anew by ``reloadxml``.
_AT_START = (
    "autoload_configs/switch.conf.xml",
    "autoload_configs/modules.conf.xml",
    "autoload_configs/post_load_modules.conf.xml",
    "autoload_configs/event_socket.conf.xml",
    "autoload_configs/json_cdr.conf.xml",
    "autoload_configs/logfile.conf.xml",
    "autoload_configs/sofia.conf.xml",
)
_ACCOUNTS = "directory/phones.xml"
_WHO_MAY_CALL = frozenset({"autoload_configs/acl.conf.xml", "directory/trunks.xml"})
_PROFILES = {"trunk": "sip_profiles/trunk.xml", "phones": "sip_profiles/phones.xml"}
_CERTIFICATES = ("tls/agent.pem", "tls/cafile.pem")
_ADDRESSES = ("sip-ip", "sip-port", "rtp-ip", "ext-sip-ip", "ext-rtp-ip", "tls", "tls-sip-port", "tls-verify-policy")


def reload(changes: Changes, api: Callable[[str], str]) -> None:
    """Send the API commands that *changes* need, and check each answer; raises SwitchError on the first bad one."""
    if not changes.to_tell:
        return
    _ask(api, "reloadxml", "[Success]")
    if not _WHO_MAY_CALL.isdisjoint(changes.to_tell):
        _ask(api, "reloadacl")
    for profile, path in _PROFILES.items():
        if path in changes.to_tell:
            for gateway in _changed_gateways(changes, path):
                _ask(api, f"sofia profile {profile} killgw {gateway}")
            _ask(api, f"sofia profile {profile} rescan")
    for account in _ended_accounts(changes):
        _ask(api, f"sofia profile phones flush_inbound_reg {account}")


def restart_reasons(changes: Changes) -> Iterator[str]:
    """What of *changes* takes effect only when FreeSWITCH, or one SIP profile of it, is restarted."""
    for path in _AT_START:
        if path in changes.write and path in changes.before:
            yield f"{path}: restart FreeSWITCH"
    for profile, path in _PROFILES.items():
        if (
            path in changes.write
            and path in changes.before
            and _addresses(changes.before[path]) != _addresses(changes.write[path])
        ):
            yield f"{path}: restart the profile (ends its calls): sofia profile {profile} restart"
    for path in _CERTIFICATES:
        if path in changes.write and path in changes.before:
            yield f"{path}: restart the profiles that speak TLS (ends their calls): sofia profile phones restart"


def _ask(api: Callable[[str], str], command: str, good: str = "+OK") -> None:
    """Send *command*; *good* is what a good answer contains (``reloadxml`` answers +OK to broken XML too)."""
    answer = api(command)
    if good not in answer:
        raise SwitchError(f"`{command}`: {answer.strip()[:200]}")


def _gateways(data: bytes) -> dict[str, bytes]:
    return {gateway.get("name", ""): etree.tostring(gateway) for gateway in etree.fromstring(data).iter("gateway")}


def _changed_gateways(changes: Changes, path: str) -> list[str]:
    """Gateways that were there and are different now, or gone: a rescan alone keeps the old ones.

    All of them where FreeSWITCH was not told last time: then nobody knows which ones it has.
    """
    if path in changes.untold:
        return ["_all_"]
    before = _gateways(changes.before[path]) if path in changes.before else {}
    after = _gateways(changes.write[path])
    return [name for name, text in before.items() if after.get(name) != text]


def _accounts(data: bytes) -> dict[str, str]:
    """Password by account (USER@DOMAIN)."""
    domain = etree.fromstring(data)
    return {
        f"{user.get('id')}@{domain.get('name')}": param.get("value", "")
        for user in domain.iter("user")
        for param in user.iter("param")
        if param.get("name") == "password"
    }


def _ended_accounts(changes: Changes) -> list[str]:
    """Accounts that are gone or have another password: who registered with the old one rings no longer."""
    if _ACCOUNTS not in changes.write or _ACCOUNTS not in changes.before:
        return []
    before, after = _accounts(changes.before[_ACCOUNTS]), _accounts(changes.write[_ACCOUNTS])
    return [account for account, password in before.items() if after.get(account) != password]


def _addresses(data: bytes) -> dict[str, str]:
    parameters = {param.get("name", ""): param.get("value", "") for param in etree.fromstring(data).iter("param")}
    return {name: value for name, value in parameters.items() if name in _ADDRESSES}
