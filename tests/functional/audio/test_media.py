"""Previews, covers and waveforms over HTTP, for pages anywhere."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from PIL import Image

from flexapp.catalog.models import Track, Visibility
from flexapp.listening import sessions
from flexapp.listening.ingest import ingest_of
from flexapp.workflows.services import Services
from tests.factories.catalog import make_track
from tests.factories.people import make_person, sign_in

SIZE = 40_000


@pytest.fixture
def track(services: Services) -> Track:
    with services.database.writing() as session:
        return make_track(session, make_person(session), objects=services.objects)


@pytest.fixture
def whole(client: FlaskClient, track: Track) -> bytes:
    return client.get(f"/media/{track.id}.mp3").data


def get(client: FlaskClient, track: Track, **headers: str):
    return client.get(
        f"/media/{track.id}.mp3", headers={name.replace("_", "-"): each for name, each in headers.items()}
    )


def test_the_whole_file_has_its_length_and_may_be_split(client: FlaskClient, track: Track) -> None:
    answer = get(client, track)
    assert (answer.status_code, len(answer.data), answer.mimetype) == (200, SIZE, "audio/mpeg")
    assert answer.headers["Content-Length"] == str(SIZE)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "private" in answer.headers["Cache-Control"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Content-Encoding" not in answer.headers
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-1", 0, 2),
        ("bytes=0-", 0, SIZE),
        ("bytes=39999-", 39_999, SIZE),
        ("bytes=-7", SIZE - 7, SIZE),
        ("bytes=100-99999999", 100, SIZE),
    ],
)
def test_one_range_is_exact(client, track, whole: bytes, asked: str, start: int, end: int) -> None:
    answer = get(client, track, Range=asked)
    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer.headers["Content-Length"] == str(end - start)
    assert answer.data == whole[start:end]


@pytest.mark.parametrize("asked", ["bytes=40000-", "bytes=-0", "bytes=999999999999-"])
def test_a_range_outside_names_the_size(client, track, asked: str) -> None:
    answer = get(client, track, Range=asked)
    assert (answer.status_code, answer.headers["Content-Range"], answer.data) == (416, f"bytes */{SIZE}", b"")


@pytest.mark.parametrize("asked", ["bytes=0-0,0-0,0-0", "bytes=9-3", "lines=1-2"])
def test_other_ranges_are_answered_whole(client, track, asked: str) -> None:
    assert get(client, track, Range=asked).status_code == 200


def test_head_has_the_headers_and_no_body(client, track) -> None:
    answer = client.head(f"/media/{track.id}.mp3", headers={"Range": "bytes=0-1"})
    assert (answer.status_code, answer.headers["Content-Length"], answer.data) == (200, str(SIZE), b"")


def test_only_the_same_file_is_continued(client, track) -> None:
    tag = get(client, track).headers["ETag"]
    assert get(client, track, Range="bytes=5-9", If_Range=tag).status_code == 206
    assert get(client, track, Range="bytes=5-9", If_Range='"other"').status_code == 200
    assert get(client, track, Range="bytes=5-9", If_Range=f"W/{tag}").status_code == 200
    assert get(client, track, Range="bytes=5-9", If_Range="Fri, 20 Nov 2026 12:00:00 GMT").status_code == 200
    assert get(client, track, If_None_Match=tag).status_code == 304
    assert get(client, track, If_None_Match="*", Range="bytes=0-1").status_code == 304
    assert get(client, track, If_Match='"other"').status_code == 412


def test_delivered_bytes_are_counted_for_the_session_and_for_nobody_else(
    client, track, services: Services
) -> None:
    token = sessions.mint(
        services.signer,
        app_id=None,
        placement_id=None,
        channel="own_site",
        host="blog.example",
        now=services.clock.now(),
    )
    client.get(f"/media/{track.id}.mp3?s={token}", headers={"Range": "bytes=0-9999"}).close()
    client.get(f"/media/{track.id}.mp3?s={token}").close()
    client.head(f"/media/{track.id}.mp3?s={token}").close()
    client.get(f"/media/{track.id}.mp3?s=v1.broken.token").close()
    client.get(f"/media/{track.id}.mp3").close()
    counted = delivered(services, track)
    assert counted == 10_000 + SIZE


def test_an_old_token_plays_and_counts_for_nobody(client, track, services: Services) -> None:
    long_ago = services.clock.now() - sessions.LIFE - timedelta(minutes=1)
    token = sessions.mint(
        services.signer, app_id=None, placement_id=None, channel="own_site", host="", now=long_ago
    )
    assert client.get(f"/media/{track.id}.mp3?s={token}").status_code == 200
    assert delivered(services, track) == 0


@pytest.mark.parametrize("hide", ["draft", "deleted", "sold"])
def test_what_nobody_may_hear_is_not_there(client, services: Services, hide: str) -> None:
    now = services.clock.now()
    fields = {
        "draft": {"visibility": Visibility.DRAFT},
        "deleted": {"deleted_at": now},
        "sold": {"sold_exclusively_at": now},
    }[hide]
    with services.database.writing() as session:
        track = make_track(session, make_person(session), objects=services.objects, **fields)
    answer = get(client, track)
    assert (answer.status_code, answer.get_json()["code"]) == (404, "track_not_found")


def test_an_unlisted_track_plays_for_who_has_its_link(client, services: Services) -> None:
    with services.database.writing() as session:
        track = make_track(
            session, make_person(session), objects=services.objects, visibility=Visibility.UNLISTED
        )
    assert get(client, track).status_code == 200


@pytest.mark.parametrize("name", ["trk_../../etc/passwd", "nonsense", "trk_00000000000000000000000000"])
def test_a_strange_name_is_not_found(client, name: str) -> None:
    assert client.get(f"/media/{name}.mp3").status_code == 404


def test_a_draft_is_heard_by_its_producer_alone(client, services: Services) -> None:
    with services.database.writing() as session:
        owner, stranger = make_person(session), make_person(session)
        track = make_track(session, owner, objects=services.objects, visibility=Visibility.DRAFT)
    path = f"/producer-dashboard/tracks/{track.id}/preview.mp3"
    assert client.get(path).status_code == 303
    sign_in(client, services, stranger)
    assert client.get(path).status_code == 404
    sign_in(client, services, owner)
    answer = client.get(path, headers={"Range": "bytes=0-99"})
    assert (answer.status_code, len(answer.data)) == (206, 100)


def test_waveforms_are_for_everybody_and_kept_for_good_by_version(client, track) -> None:
    answer = client.get(f"/peaks/{track.id}.json")
    assert (answer.status_code, answer.get_json()["version"]) == (200, 2)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "immutable" not in answer.headers["Cache-Control"]
    assert "immutable" in client.get(f"/peaks/{track.id}.json?v=1").headers["Cache-Control"]


@pytest.mark.parametrize("hide", ["draft", "deleted", "sold"])
def test_the_waveform_of_a_track_nobody_may_hear_is_not_found(client, services: Services, hide: str) -> None:
    fields = {
        "draft": {"visibility": Visibility.DRAFT},
        "deleted": {"deleted_at": services.clock.now()},
        "sold": {"sold_exclusively_at": services.clock.now()},
    }[hide]
    with services.database.writing() as session:
        owner = make_person(session)
        track = make_track(session, owner, objects=services.objects, **fields)
    assert client.get(f"/peaks/{track.id}.json").status_code == 404
    sign_in(client, services, owner)
    page = client.get(f"/producer-dashboard/tracks/{track.id}")
    if hide == "deleted":
        assert page.status_code == 404
    else:
        assert page.status_code == 200
        assert 'class="wave' in page.text


def test_covers_come_in_two_forms(client, services: Services, track) -> None:
    assert client.get(f"/media/{track.id}/cover.webp").status_code == 404
    services.objects.put_bytes("test/cover.webp", b"RIFFxxxxWEBP", content_type="image/webp")
    with services.database.writing() as session:
        row = session.get(Track, track.id)
        row.cover_small_key = "test/cover.webp"
    answer = client.get(f"/media/{track.id}/cover.webp")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/webp", b"RIFFxxxxWEBP")
    assert client.get(f"/media/{track.id}/cover.jpg").status_code == 404
    assert client.get(f"/media/{track.id}/cover.gif").status_code == 404


def test_the_systems_controls_get_a_cover_of_512_pixels_that_is_never_larger_than_it_was(
    client, services: Services, track
) -> None:
    address = f"/media/{track.id}/cover-512.jpg"
    assert client.get(address).status_code == 404
    for side, shown in ((1200, 512), (300, 300)):
        large = io.BytesIO()
        Image.linear_gradient("L").convert("RGB").resize((side, side)).save(large, "JPEG")
        services.objects.put_bytes(f"test/{side}.jpg", large.getvalue(), content_type="image/jpeg")
        with services.database.writing() as session:
            session.get(Track, track.id).cover_key = f"test/{side}.jpg"
        answer = client.get(address)
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        with Image.open(io.BytesIO(answer.data)) as picture:
            assert picture.size == (shown, shown)
        again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


def delivered(services: Services, track: Track) -> int:
    """What the fold has counted for the track."""
    from sqlalchemy import func, select

    from flexapp.listening.folding import fold
    from flexapp.listening.models import Delivery

    ingest_of(services.database).flush()
    with services.database.writing() as session:
        fold(session, now=services.clock.now())
        return int(session.scalar(select(func.sum(Delivery.bytes)).where(Delivery.track_id == track.id)) or 0)
