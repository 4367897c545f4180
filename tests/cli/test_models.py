"""`retouch models`: the table, one card, and JSON."""

import json

from retouch import catalogue


def test_the_table_names_every_model(cli):
    answer = cli("models")
    assert answer.code == 0
    for card in catalogue.models():
        assert card.name in answer.out
        assert card.licence.split()[0] in answer.out
    assert answer.err == ""


def test_missing_extras_are_told(cli, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "not installed" in " ".join(cli("models", "telea").out.split())


def test_one_model_with_its_options(cli):
    text = cli("models", "patchmatch").out
    assert "-O patch_size" in text
    assert "default 3" in text
    assert ">= 1, <= 15" in text


def test_json_lists_all(cli):
    cards = json.loads(cli("models", "--json").out)
    assert [card["name"] for card in cards] == [card.name for card in catalogue.models()]
    assert [card["name"] for card in cards if card["default"]] == [catalogue.DEFAULT_MODEL]


def test_json_of_one(cli):
    card = json.loads(cli("models", "telea", "--json").out)
    assert card["extra"] == "cv"
    assert card["needs"]["native"] == 1024
    assert card["options"][0]["name"] == "radius"
    assert card["options"][0]["default"] == 5.0


def test_unknown_name(refused):
    refused("models", "patchmtch", saying="did you mean 'patchmatch'?")
