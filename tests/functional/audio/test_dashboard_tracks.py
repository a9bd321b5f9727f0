"""The producer's rooms for tracks and license types, as a browser uses them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from flexapp.catalog.models import Processing, Track, Visibility
from flexapp.catalog.queries import license_types_of, track_by_id, track_licenses_of, tracks_of
from flexapp.people.models import Person, Role
from flexapp.worker.runtime import Worker
from flexapp.workflows.services import Services
from tests.factories.catalog import make_license_type, make_track
from tests.factories.people import form_headers, make_person, post_form, sign_in
from tests.factories.sounds import BEATS, clicks, tone, wav_bytes

TRACKS = "/producer-dashboard/tracks"
LICENSES = "/producer-dashboard/licenses"


@pytest.fixture
def producer(client: FlaskClient, services: Services) -> Person:
    with services.database.writing() as session:
        person = make_person(session, name="Kaito")
    sign_in(client, services, person)
    return person


@pytest.fixture
def track(services: Services, producer: Person) -> Track:
    with services.database.writing() as session:
        return make_track(session, session.merge(producer), objects=services.objects, title="Cold Estate")


def upload(
    client: FlaskClient, data: bytes, kind: str = "master", name: str = "night-drive.wav", track: str = ""
):
    return client.post(
        f"{TRACKS}/upload/{kind}?filename={name}&track={track}",
        data=data,
        headers={
            **form_headers(client),
            "Accept": "application/json",
            "Content-Type": "application/octet-stream",
        },
    )


def stored(services: Services, track_id: str) -> Track:
    with services.database.reading() as session:
        found = track_by_id(session, track_id)
        assert found is not None
        return found


def test_a_dropped_beat_becomes_a_draft_and_its_progress_can_be_followed(
    client, services, producer, worker: Worker
) -> None:
    answer = upload(client, wav_bytes(clicks(120, 6)))
    assert answer.status_code == 201, answer.text
    state = answer.get_json()["track"]
    assert (state["title"], state["processing"]) == ("Night Drive", "queued")
    page = client.get(TRACKS).text
    assert "Night Drive" in page
    assert "data-working" in page
    worker.run_once()
    (after,) = client.get(f"{TRACKS}/states.json?ids={state['id']},trk_nonsense").get_json()["tracks"]
    assert (after["processing"], after["percent"], after["error"]) == ("ready", 100, None)
    page = client.get(f"{TRACKS}/{state['id']}").text
    assert "Kaito - Night Drive.wav" in page
    assert "Suggested 120" in page
    assert "Half 60" in page


def test_a_refused_file_says_why_and_leaves_no_track(client, services, producer) -> None:
    answer = upload(client, b"not a beat at all\n" * 50, name="beat.wav")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "not_audio")
    assert "send a WAV, AIFF, FLAC or MP3" in answer.get_json()["detail"]
    with services.database.reading() as session:
        assert tracks_of(session, producer) == []


def test_an_upload_without_our_token_is_refused(client, producer) -> None:
    answer = client.post(
        f"{TRACKS}/upload/master?filename=a.wav", data=b"x", headers={"Accept": "application/json"}
    )
    assert (answer.status_code, answer.get_json()["code"]) == (403, "form_not_ours")


def test_a_declared_length_above_the_limit_is_refused(client, services, producer) -> None:
    answer = client.post(
        f"{TRACKS}/upload/cover?filename=a.jpg",
        headers={**form_headers(client), "Accept": "application/json"},
        environ_overrides={"CONTENT_LENGTH": str(21 * 1024 * 1024)},
    )
    assert (answer.status_code, answer.get_json()["code"]) == (413, "upload_too_large")


def test_nobody_sends_files_to_anothers_track(client, services, producer) -> None:
    with services.database.writing() as session:
        other = make_track(session, make_person(session))
    assert (
        upload(client, (BEATS / "cold-estate.jpg").read_bytes(), "cover", "a.jpg", other.id).status_code
        == 404
    )
    assert client.get(f"{TRACKS}/{other.id}").status_code == 404
    assert client.get(f"{TRACKS}/states.json?ids={other.id}").get_json() == {"tracks": []}
    assert post_form(client, f"{TRACKS}/{other.id}/delete").status_code == 404


def test_a_cover_is_shown_at_once(client, services, track) -> None:
    answer = upload(client, (BEATS / "cold-estate.jpg").read_bytes(), "cover", "a.jpg", track.id)
    assert answer.status_code == 201, answer.text
    picture = client.get(f"/media/{track.id}/cover.webp")
    assert picture.data[8:12] == b"WEBP"
    assert f"/media/{track.id}/cover.webp" in client.get(TRACKS).text


def test_the_description_is_saved_and_a_new_title_keeps_the_old_address(client, services, track) -> None:
    answer = post_form(
        client,
        f"{TRACKS}/{track.id}",
        {
            "title": "Warm Estate",
            "genre": "Drill",
            "mood": "",
            "tags": "UK, dark , uk",
            "bpm": "141,5",
            "key": "C# phrygian",
            "description": "x",
        },
    )
    assert answer.status_code == 303
    row = stored(services, track.id)
    assert (row.title, row.tags, row.bpm, row.key, row.slug) == (
        "Warm Estate",
        ["uk", "dark"],
        141.5,
        "C# phrygian",
        "warm-estate",
    )
    assert "The track is saved." in client.get(f"{TRACKS}/{track.id}").text


def test_a_suggested_tempo_is_taken_with_one_button(client, services, track) -> None:
    fields = {"title": "Cold Estate", "bpm": "140", "key": "", "take_bpm": "71.0"}
    assert post_form(client, f"{TRACKS}/{track.id}", fields).status_code == 303
    assert stored(services, track.id).bpm == 71.0


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"title": ""}, "The title is missing."),
        ({"title": "x" * 121}, "at most 120 characters"),
        ({"title": "x", "bpm": "fast"}, "Write a number"),
        ({"title": "x", "bpm": "4000"}, "between 20 and 400"),
        ({"title": "x", "tags": ",".join(f"t{n}" for n in range(13))}, "at most 12 tags"),
    ],
)
def test_what_does_not_fit_is_said_at_the_field_and_kept_in_the_form(
    client, services, track, fields, sentence
) -> None:
    answer = post_form(client, f"{TRACKS}/{track.id}", fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert stored(services, track.id).title == "Cold Estate"


def test_licenses_prices_and_the_default_are_chosen(client, services, producer, track) -> None:
    with services.database.reading() as session:
        basic, premium, *_ = license_types_of(session, producer)
    fields = {"offered": [basic.id, premium.id], f"price_{premium.id}": "79,00", "default": premium.id}
    assert post_form(client, f"{TRACKS}/{track.id}/licenses", fields).status_code == 303
    with services.database.reading() as session:
        rows = {row.license_type_id: row for row in track_licenses_of(session, track)}
    assert set(rows) == {basic.id, premium.id}
    assert (rows[premium.id].price_override, rows[premium.id].is_default) == (7900, True)


def test_a_price_below_ten_is_refused_at_its_field(client, services, producer, track) -> None:
    with services.database.reading() as session:
        basic = license_types_of(session, producer)[0]
    answer = post_form(
        client, f"{TRACKS}/{track.id}/licenses", {"offered": [basic.id], f"price_{basic.id}": "9.99"}
    )
    assert answer.status_code == 422
    assert "at least $10.00" in answer.text
    with services.database.reading() as session:
        assert len(track_licenses_of(session, track)) == 4


def test_it_is_published_unlisted_and_drafted(client, services, track) -> None:
    for wanted in (Visibility.DRAFT, Visibility.UNLISTED, Visibility.PUBLISHED):
        answer = post_form(client, f"{TRACKS}/{track.id}/visibility", {"visibility": wanted.value})
        assert answer.status_code == 303
        assert stored(services, track.id).visibility is wanted
    assert (
        post_form(client, f"{TRACKS}/{track.id}/visibility", {"visibility": "everywhere"}).status_code == 422
    )


def test_a_track_sold_exclusively_is_never_shown_again(client, services, producer) -> None:
    with services.database.writing() as session:
        sold = make_track(session, session.merge(producer), sold_exclusively_at=services.clock.now())
    answer = post_form(client, f"{TRACKS}/{sold.id}/visibility", {"visibility": "published"})
    assert answer.status_code == 409
    assert "sold exclusively" in answer.text
    assert "Publish" not in client.get(f"{TRACKS}/{sold.id}").text


def test_failed_work_shows_its_reason_and_a_button(client, services, producer, worker: Worker) -> None:
    track_id = upload(client, wav_bytes(tone(3))).get_json()["track"]["id"]
    with services.database.writing() as session:
        row = session.get(Track, track_id)
        row.processing, row.processing_error = Processing.FAILED, "This file is damaged."
    assert "This file is damaged." in client.get(TRACKS).text
    assert "Try again" in client.get(f"{TRACKS}/{track_id}").text
    assert post_form(client, f"{TRACKS}/{track_id}/retry").status_code == 303
    services.clock.advance(timedelta(seconds=1))
    worker.run_once()
    assert stored(services, track_id).processing is Processing.READY
    assert post_form(client, f"{TRACKS}/{track_id}/retry").status_code == 409


def test_a_deleted_track_is_gone_from_everywhere(client, services, track) -> None:
    assert post_form(client, f"{TRACKS}/{track.id}/delete").status_code == 303
    assert client.get(f"{TRACKS}/{track.id}").status_code == 404
    assert client.get(f"/media/{track.id}.mp3").status_code == 404


def test_the_voice_tag_is_sent_heard_and_dropped(client, services, producer) -> None:
    shipped = client.get(f"{TRACKS}/voice-tag.wav").data
    answer = upload(client, wav_bytes(tone(1.5)), "voice_tag", "me.wav")
    assert answer.status_code == 201
    page = client.get(f"{TRACKS}/voice-tag").text
    assert "me.wav" in page
    assert client.get(f"{TRACKS}/voice-tag.wav").data != shipped
    assert post_form(client, f"{TRACKS}/voice-tag/drop").status_code == 303
    assert client.get(f"{TRACKS}/voice-tag.wav").data == shipped


def test_the_four_ready_license_types_are_added_once(client, services, producer) -> None:
    assert "Add four ready ones" in client.get(LICENSES).text
    for _ in range(2):
        assert post_form(client, f"{LICENSES}/templates").status_code == 303
    with services.database.reading() as session:
        types = license_types_of(session, producer)
    assert [each.name for each in types] == ["Basic lease", "Premium lease", "Trackout lease", "Exclusive"]
    assert [each.is_exclusive for each in types] == [False, False, False, True]


def test_a_license_type_is_written_changed_moved_and_removed(client, services, producer) -> None:
    fields = {
        "name": "Sync",
        "price": "250",
        "terms": "You may use this beat in **one** film, and name the producer.",
        "deliverables": ["mp3", "wav"],
        "copies": "5,000",
        "streams": "",
        "videos": "1",
        "performances": "0",
        "term_months": "12",
    }
    post_form(client, f"{LICENSES}/templates")
    assert post_form(client, f"{LICENSES}/new", fields).status_code == 303
    with services.database.reading() as session:
        made = license_types_of(session, producer)[-1]
    assert (made.name, made.default_price, made.deliverables) == ("Sync", 25000, ["mp3", "wav"])
    assert made.caps == {"copies": 5000, "streams": None, "videos": 1, "performances": 0, "term_months": 12}
    page = client.get(f"{LICENSES}/{made.id}").text
    assert "<strong>one</strong>" in page
    assert "1 year" in page
    post_form(client, f"{LICENSES}/{made.id}/move", {"to": "up"})
    with services.database.reading() as session:
        assert [each.name for each in license_types_of(session, producer)][-2:] == ["Sync", "Exclusive"]
    answer = post_form(client, f"{LICENSES}/{made.id}", {**fields, "price": "9.99", "is_active": "1"})
    assert answer.status_code == 422
    assert "at least $10.00" in answer.text
    assert 'value="9.99"' in answer.text
    assert post_form(client, f"{LICENSES}/{made.id}/delete").status_code == 303
    assert client.get(f"{LICENSES}/{made.id}").status_code == 404


def test_terms_never_become_markup_of_ours(client, services, producer) -> None:
    with services.database.writing() as session:
        row = make_license_type(
            session,
            session.merge(producer),
            terms="<script>alert(1)</script> [x](javascript:alert(1)) and more words",
        )
    page = client.get(f"{LICENSES}/{row.id}").text
    assert "<script>alert" not in page
    assert 'href="javascript:' not in page


def test_anothers_license_type_does_not_exist(client, services, producer) -> None:
    with services.database.writing() as session:
        row = make_license_type(session, make_person(session))
    assert client.get(f"{LICENSES}/{row.id}").status_code == 404
    assert post_form(client, f"{LICENSES}/{row.id}/delete").status_code == 404


def test_the_rooms_are_for_producers_who_are_signed_in(client, services) -> None:
    for path in (TRACKS, LICENSES, f"{TRACKS}/voice-tag"):
        assert client.get(path).status_code == 303
    with services.database.writing() as session:
        affiliate = make_person(session, roles=(Role.AFFILIATE,))
    sign_in(client, services, affiliate)
    for path in (TRACKS, LICENSES, f"{TRACKS}/voice-tag"):
        assert client.get(path).status_code == 403
