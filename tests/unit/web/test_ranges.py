"""One range, read as RFC 9110 has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexapp.web.ranges import CountedBody, Span, Unsatisfiable, parse_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-", Span(0, 1000)),
        ("bytes=0-1", Span(0, 2)),
        ("bytes=999-", Span(999, 1000)),
        ("bytes=0-999", Span(0, 1000)),
        ("bytes=500-99999999999999999999", Span(500, 1000)),
        ("bytes=-1", Span(999, 1000)),
        ("bytes=-5000", Span(0, 1000)),
        ("Bytes = 3-4", Span(3, 5)),
    ],
)
def test_a_range_within_is_taken(header: str, expected: Span) -> None:
    assert parse_range(header, 1000) == expected


@pytest.mark.parametrize(
    "header",
    [
        "bytes=0-0,0-0",
        "bytes=0-1, 5-",
        "bytes=",
        "bytes=-",
        "bytes=5-2",
        "bytes=a-b",
        "items=0-1",
        "bytes=1--2",
        "bytes=+1-2",
        "0-1",
        "",
    ],
)
def test_what_is_no_single_range_is_ignored(header: str) -> None:
    assert parse_range(header, 1000) is None


@pytest.mark.parametrize(
    ("header", "size"),
    [("bytes=1000-", 1000), ("bytes=1000-1001", 1000), ("bytes=-0", 1000), ("bytes=0-", 0), ("bytes=-1", 0)],
)
def test_what_lies_outside_cannot_be_satisfied(header: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, size)


@given(st.text(max_size=40), st.integers(0, 10_000))
def test_no_header_breaks_it_and_every_span_lies_within(text: str, size: int) -> None:
    try:
        span = parse_range("bytes=" + text, size)
    except Unsatisfiable:
        return
    assert span is None or 0 <= span.start < span.end <= size


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(1, 2000))
def test_a_span_is_what_was_asked_cut_at_the_end(start: int, more: int, size: int) -> None:
    header = f"bytes={start}-{start + more}"
    if start >= size:
        with pytest.raises(Unsatisfiable):
            parse_range(header, size)
    else:
        assert parse_range(header, size) == Span(start, min(size, start + more + 1))


@pytest.mark.parametrize(
    ("slices", "told"),
    [
        (0, []),
        (1, [(65_536, 1000, 1000)]),
        (5, [(262_144, 1000, 1000), (65_536, 1000, 1000)]),
        (16, [(262_144, 1000, end) for end in (1000, 66_536, 328_680, 590_824)]),
    ],
)
def test_of_an_answer_that_is_cut_off_the_last_448_kib_are_not_surely_out(
    slices: int, told: list[tuple[int, int, int]]
) -> None:
    heard: list[tuple[int, int, int]] = []
    body = CountedBody(
        iter([bytes(2_000_000)]), lambda count, out: heard.append((count, out.start, out.end)), start=1000
    )
    for _ in range(slices):
        assert len(next(body)) == 65_536
    body.close()
    assert heard == told


def test_an_answer_that_is_taken_to_its_end_is_out_whole() -> None:
    heard: list[tuple[int, int, int]] = []
    body = CountedBody(iter([bytes(500_000)]), lambda count, out: heard.append((count, out.start, out.end)))
    assert sum(map(len, body)) == 500_000
    body.close()
    assert (sum(count for count, _, _ in heard), heard[-1][1:]) == (500_000, (0, 500_000))
