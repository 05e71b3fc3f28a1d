"""The provider files: each makes a trunk that keeps all rules, and what a trunk says itself wins."""

from __future__ import annotations

import pytest
import yaml

from callrouter.directory import document, providers
from callrouter.directory.part_rules import check_trunk
from callrouter.resources import providers_dir

#: What is each trunk's own and no provider's.
OWN = {"name", "provider", "username", "password"}


def trunk(**values: object) -> document.Trunk:
    return document.Trunk.model_validate({"name": "line", "username": "anna", "password": "geheim-1", **values})


def test_there_are_three_kinds_of_lines():
    lines = [trunk(provider=name) for name in providers.names()]
    assert {line.transport for line in lines} == {"udp", "tcp", "tls"}
    assert {line.register_ for line in lines} == {True, False}
    assert {line.identity for line in lines} == {"asserted", "preferred", "none"}
    assert any(line.outbound_proxy for line in lines)


@pytest.mark.parametrize("name", providers.names())
def test_each_file_is_a_trunk_that_keeps_the_rules(name: str):
    content = yaml.safe_load((providers_dir() / f"{name}.yaml").read_text("utf-8"))
    assert set(content) == {"title", "note", "trunk"}
    assert set(content["title"]) == set(content["note"]) == {"de", "en"}
    keys = {info.alias or key for key, info in document.Trunk.model_fields.items()}
    assert set(content["trunk"]) <= keys - OWN
    assert list(check_trunk(trunk(provider=name))) == []
    assert content["trunk"]["proxy"].partition(":")[0].endswith(".example")


def test_what_the_trunk_says_wins():
    plain, own = trunk(provider="stadtnetz"), trunk(provider="stadtnetz", transport="tcp", register=False)
    assert (plain.transport, plain.register_, plain.ping) == ("tls", True, 30)
    assert (own.transport, own.register_, own.ping) == ("tcp", False, 30)


def test_a_written_trunk_keeps_what_it_has_when_its_file_changes(monkeypatch: pytest.MonkeyPatch):
    written = trunk(provider="stadtnetz").model_dump(mode="json", by_alias=True)
    monkeypatch.setattr(providers, "defaults", lambda _: {"proxy": "elsewhere.example", "ping": 99})
    assert document.Trunk.model_validate(written).proxy == "sip.stadtnetz.example:5061"
    monkeypatch.setattr(providers, "names", tuple)
    assert document.Trunk.model_validate(written).ping == 30


def test_an_unknown_provider_is_told_with_the_known_ones():
    [problem] = check_trunk(trunk(provider="nobody", proxy="127.0.0.1"))
    assert problem.path == ("provider",)
    assert "stadtnetz" in problem.text


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"outbound_proxy": "192.0.2.1:99999"}, "outbound_proxy"),
        ({"ping": 3}, "ping"),
    ],
)
def test_what_freeswitch_would_refuse_is_refused(values: dict[str, object], path: str):
    [problem] = check_trunk(trunk(proxy="127.0.0.1", **values))
    assert problem.path == (path,)
