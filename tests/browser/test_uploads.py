"""Several files dropped at once: each has its bar, its reason, its second try."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, audit
from tests.factories.people import make_person
from tests.factories.sounds import clicks, tone, wav_bytes

pytestmark = pytest.mark.browser
TRACKS = "/producer-dashboard/tracks"


@pytest.fixture
def page(browser: Browser, site: Site):
    """The tracks of a producer who has none yet."""
    services = site.services
    with services.database.writing() as session:
        person = make_person(session, now=services.clock.now())
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    site.log_in(context, person.id)
    page = context.new_page()
    page.goto(site.url + TRACKS)
    yield page
    context.close()


def write(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def lines(page: Page):
    return page.locator(".upload")


def test_good_ones_are_received_and_bad_ones_say_why(page: Page, tmp_path: Path) -> None:
    sent: list[str] = []
    page.on(
        "request",
        lambda request: sent.append(request.method + " " + request.url.split("?")[0].split("/")[-1]),
    )
    page.set_input_files(
        "[data-upload=master] input",
        [
            write(tmp_path, "night-drive.wav", wav_bytes(tone(2))),
            write(tmp_path, "notes.wav", b"remember the milk\n" * 40),
            write(tmp_path, "nothing.wav", b""),
            write(tmp_path, "second.wav", wav_bytes(clicks(100, 4))),
        ],
    )
    expect(lines(page)).to_have_count(4)
    expect(lines(page).nth(3)).to_contain_text("Received")
    expect(lines(page).nth(0).get_by_role("link")).to_have_text("Night Drive")
    expect(lines(page).nth(1)).to_contain_text("This is no audio file")
    expect(lines(page).nth(2)).to_contain_text("This file is empty")
    assert sent.count("POST master") == 3, "an empty file is not sent at all"
    assert audit(page) == []
    page.get_by_text("Show the new tracks").click()
    expect(page.locator("[data-track-row]")).to_have_count(2)


def test_a_refused_file_can_be_sent_again_after_the_connection_is_back(page: Page, tmp_path: Path) -> None:
    page.route("**/upload/master*", lambda route: route.abort())
    page.set_input_files("[data-upload=master] input", write(tmp_path, "beat.wav", wav_bytes(tone(2))))
    expect(lines(page)).to_contain_text("The connection broke")
    page.unroute("**/upload/master*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("[data-track-row]")).to_have_count(1)


def test_files_are_dropped_on_the_zone(page: Page) -> None:
    data = base64.b64encode(wav_bytes(tone(1))).decode()
    page.evaluate(
        """(data) => {
          const bytes = Uint8Array.from(atob(data), (mark) => mark.charCodeAt(0));
          const transfer = new DataTransfer();
          for (const name of ["one.wav", "two.wav"]) transfer.items.add(new File([bytes], name));
          const zone = document.querySelector("[data-upload-zone]");
          const bubbling = { bubbles: true, cancelable: true };
          for (const type of ["dragenter", "dragover", "drop"])
            zone.dispatchEvent(new DragEvent(type, { ...bubbling, dataTransfer: transfer }));
        }""",
        data,
    )
    expect(page.locator("[data-track-row]")).to_have_count(2)


def test_a_file_above_the_limit_is_not_even_sent(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "huge.wav"
    with path.open("wb") as file:
        file.truncate(501 * 1024 * 1024)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.set_input_files("[data-upload=master] input", str(path))
    expect(lines(page)).to_contain_text("501 MB; at most 500 MB are taken")
    assert "POST" not in sent


def test_a_preview_plays_from_the_list(page: Page, site: Site, browser: Browser) -> None:
    context = browser.new_context()
    site.log_in(context, site.ids["kaito"])
    opened = context.new_page()
    opened.goto(site.url + TRACKS)
    with opened.expect_request("**/preview.mp3") as request:
        opened.get_by_role("button", name="Play Midnight Trap").click()
    assert request.value.headers.get("range", "").startswith("bytes=0-")
    context.close()
