"""The shelf: bounded, never old, and nobody floods out what others ask for."""

from __future__ import annotations

import time

import pytest

from embed.documents import Document
from embed.parameters import Parameters
from embed.shelf import ADDRESSES_EACH, Key, Published, Shelf
from flexapp.apps.models import Channel
from flexapp.storage.revisions import EVERYTHING


def published(*needs: str, is_common: bool = True, used: int = 0) -> Published:
    return Published(
        body=b"<p>hello</p>",
        document=Document(b"<p>hello</p>", "default-src 'none'"),
        mark="m",
        needs=frozenset(needs),
        is_common=is_common,
        app_id="app",
        placement_id="",
        channel=Channel.DIRECT,
        ancestors=[],
        flags=frozenset(),
        used=used,
    )


def key(target: str, **asked: object) -> Key:
    return target, Parameters(**asked)  # type: ignore[arg-type]


def put(shelf: Shelf[Published], at: Key, made: Published) -> Published:
    assert shelf.put(at, made, since=shelf.moment())
    shelf.name(f"/embed/v1/{at[0]}?", at)
    return made


def test_a_change_takes_off_what_hangs_on_it_and_leaves_the_rest() -> None:
    shelf = Shelf[Published]()
    put(shelf, key("a"), published("a", "per_1"))
    kept = put(shelf, key("b"), published("b", "per_2"))
    [(forgotten, _)] = shelf.forget(frozenset({"per_1", "per_9"}))
    assert forgotten == key("a")
    assert shelf.find("/embed/v1/a?") is None
    assert shelf.get(key("a")) is None
    assert shelf.find("/embed/v1/b?") is shelf.get(key("b")) is kept
    shelf.forget(frozenset({EVERYTHING}))
    assert len(shelf) == 0


def test_what_is_common_and_old_may_be_found_until_a_moment_or_something_newer() -> None:
    shelf = Shelf[Published]()
    far = time.monotonic() + 1000
    put(shelf, key("a", color="#123456"), published("a", is_common=False))
    old = put(shelf, key("a"), published("a"))
    assert len(shelf.forget(frozenset({"a"}), until=far)) == 2
    assert len(shelf) == 0
    assert shelf.find("/embed/v1/a?") is old
    assert old.until == far
    new = put(shelf, key("a"), published("a"))
    assert shelf.find("/embed/v1/a?") is new
    shelf.forget(frozenset({"a"}), until=far)
    shelf.forget(frozenset({"b"}))
    assert shelf.find("/embed/v1/a?") is new
    shelf.forget(frozenset({"a"}))
    assert shelf.find("/embed/v1/a?") is None, "heard of without a moment, it ends at once"
    put(shelf, key("a"), published("a"))
    shelf.forget(frozenset({"a"}), until=time.monotonic())
    shelf.sweep()
    assert shelf.find("/embed/v1/a?") is None


@pytest.mark.parametrize("changed", ["per_1", EVERYTHING])
def test_what_changed_while_a_document_was_rendered_keeps_it_off(changed: str) -> None:
    shelf = Shelf[Published]()
    since = shelf.moment()
    shelf.forget(frozenset({changed}))
    assert not shelf.put(key("a"), published("a", "per_1"), since=since)
    assert shelf.put(key("a"), published("a", "per_1"), since=shelf.moment())


def test_another_change_meanwhile_does_not_and_one_too_long_ago_does() -> None:
    shelf = Shelf[Published]()
    since = shelf.moment()
    shelf.forget(frozenset({"per_2"}))
    assert shelf.put(key("a"), published("a", "per_1"), since=since)
    for _ in range(1000):
        shelf.forget(frozenset({"per_2"}))
    assert not shelf.put(key("a"), published("a", "per_1"), since=since), "nobody remembers that far back"


def test_the_rooms_are_bounded_and_drop_what_was_not_asked_for_longest() -> None:
    shelf = Shelf[Published](most_common=32, most_free=8)
    common = put(shelf, key("wanted"), published("wanted", used=10_000))
    for number in range(200):
        asked = key("wanted", color=f"#{number:06x}")
        put(shelf, asked, published("wanted", is_common=False, used=20_000 + number))
    assert shelf.get(key("wanted")) is common, "made-up colors push out each other"
    for number in range(200):
        put(shelf, key(f"other{number}"), published("other", used=number))
    assert shelf.get(key("wanted")) is common
    assert len(shelf) <= 32 + 8


def test_a_document_has_a_few_addresses_and_none_that_is_endless() -> None:
    shelf = Shelf[Published]()
    put(shelf, key("a"), published("a"))
    for number in range(50):
        shelf.name(f"/embed/v1/a?utm={number}", key("a"))
    shelf.name("/embed/v1/a?" + "x" * 5000, key("a"))
    assert len(shelf._by_address) == ADDRESSES_EACH
    shelf.forget(frozenset({"a"}))
    assert shelf._by_address == {}
