"""The whole producer's side, against the demo: from a file to a snippet, and what it earned.

    make demo                               # in another terminal
    python sdk/examples/quickstart.py [beat.wav]

Takes $FLEXAPP_TOKEN and $FLEXAPP_BASE_URL, else the first producer of $FLEXAPP_HOME/demo.json.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

from flexapp_sdk import FlexApp, FlexAppError, LicenseType, Money, Track

ROOT = Path(__file__).resolve().parents[2]
BEAT = ROOT / "flexapp" / "demo" / "beats" / "midnight-trap.flac"


def main() -> int:
    """Run every step; 0 when all of them worked."""
    beat = Path(sys.argv[1]) if len(sys.argv) > 1 else BEAT
    try:
        with connect() as client:
            tour(client, beat)
    except (FlexAppError, OSError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def connect() -> FlexApp:
    """A client from the environment, else from what the demo wrote."""
    if os.environ.get("FLEXAPP_TOKEN"):
        return FlexApp()
    written = Path(os.environ.get("FLEXAPP_HOME", ROOT / "var")) / "demo.json"
    if not written.is_file():
        return FlexApp()  # says where to get a token
    demo = json.loads(written.read_text())
    producer = next(person for person in demo["people"] if "producer" in person["roles"])
    return FlexApp(producer["api_token"], base_url=os.environ.get("FLEXAPP_BASE_URL") or demo["base_url"])


def tour(client: FlexApp, beat: Path) -> None:
    """Upload, license, publish, build, place, read."""
    me = client.me()
    say("You are", f"{me.name} ({', '.join(me.roles)}) on {client.base_url}")

    licenses = client.license_types.add_templates()
    say("You sell", ", ".join(f"{one.name} {one.default_price}" for one in licenses))

    track = upload(client, beat, licenses)
    say("Published", f"{track.title}, {track.duration_seconds:.0f} s, {track.url}")

    app = client.apps.create(name="Quickstart")
    client.apps.add_rule(app.id, newest=5)
    foreign = client.tracks.pickable().first()
    if foreign is not None:
        client.apps.add_pick(app.id, foreign.id)
    say("Your app", f"{app.name}, {app.url}")
    for place, one in enumerate(client.apps.lineup(app.id), 1):
        cheapest = (
            min((offer.price.amount, str(offer.price)) for offer in one.offers)[1] if one.offers else "-"
        )
        print(f"  {place}. {one.title} by {one.producer.name}, from {cheapest}")

    placement = client.placements.create(app.id, name="My website")
    say("Paste one of these", "")
    for form, snippet in placement.snippets.items():
        print(f"  {form}:\n    " + snippet.replace("\n", "\n    "))

    balance = client.earnings.summary()
    say("Pending", f"{balance.pending}; available {balance.available}; paid {balance.paid}")
    for number, entry in enumerate(client.earnings.entries()):
        if number == 5:
            break
        print(
            f"  {entry.booked_at:%d %b %H:%M}  {entry.amount!s:>12}  {entry.role}  {entry.track_title or ''}"
        )

    plays = client.insights.plays(app_id=app.id, since=timedelta(days=7))
    say("Plays in this app", f"{plays.plays} in 7 days")


def upload(client: FlexApp, beat: Path, licenses: tuple[LicenseType, ...]) -> Track:
    """Send a master, wait for its files, choose licenses, publish."""

    told = set()

    def progress(sent: int, total: int) -> None:
        quarter = 100 * sent // total // 25 * 25
        if quarter not in told:
            told.add(quarter)
            print(f"  {beat.name}: {quarter} %")

    track = client.tracks.upload(beat, tags=["quickstart"], progress=progress)
    track = client.tracks.wait_ready(track.id, timeout=300)
    files = {file.kind for file in track.files}
    offered = [one for one in licenses if set(one.deliverables) <= files]
    if offered:
        client.tracks.set_licenses(
            track.id,
            [one.id for one in offered],
            default=offered[-1].id,
            prices={offered[0].id: offered[0].default_price + Money(500, offered[0].default_price.currency)},
        )
    return client.tracks.publish(track.id)


def say(what: str, more: str) -> None:
    """One line of the tour."""
    print(f"\n{what}: {more}")


if __name__ == "__main__":
    sys.exit(main())
