"""Every rule has a sentence with the number that is used."""

from __future__ import annotations

from flexapp.config import PlayLimits
from flexapp.listening.counting import DOUBTS, Reason
from flexapp.listening.hosting import HOSTS, flag_of, hosts_in, with_one_host
from flexapp.listening.rules import SHORT, rule_of, rules


def test_every_reason_has_a_sentence_and_a_short_form() -> None:
    known = rules(PlayLimits())
    assert {rule.reason for rule in known} == set(Reason) == set(SHORT)
    assert all(rule.sentence.endswith(".") and len(rule.sentence) < 240 for rule in known)
    assert set(DOUBTS) <= {rule.reason for rule in known if rule.waits}


def test_every_threshold_is_told() -> None:
    """Another number of any limit changes some sentence."""
    usual = [rule.sentence for rule in rules(PlayLimits())]
    for name, value in PlayLimits().model_dump().items():
        changed = PlayLimits(**{name: value + 7 if isinstance(value, int) else value / 2})
        assert [rule.sentence for rule in rules(changed)] != usual, name


def test_the_list_of_data_centers_leaves_out_the_relays_of_browsers_and_systems() -> None:
    assert not {13335, 54113, 20940, 36183} & set(HOSTS)
    assert (flag_of(13335), flag_of(0)) == ("", "")
    assert hosts_in(["ask", "as16509", "as14618", "as1"]) == ["Amazon Web Services"]
    assert with_one_host(["ask", "as9009", "as16509", "gpc"]) == {"ask", "as16509", "gpc"}


def test_an_id_of_an_older_version_has_no_rule() -> None:
    assert rule_of("something_else", PlayLimits()) is None
    assert rule_of("uniform", PlayLimits()) is not None
