"""Where the voice tag sounds, and what the music does under it."""

from __future__ import annotations

import numpy as np
import pytest

from flexapp.audio import voice_tag
from flexapp.audio.voice_tag import RATE, leveled, mixed, offsets, read_tag


def test_tags_begin_at_three_seconds_and_follow_every_fifteen_while_a_whole_one_fits() -> None:
    assert offsets(57.86, 0.95, every=15) == [3, 18, 33, 48]
    assert offsets(48.9, 0.95, every=15) == [3, 18, 33]
    assert offsets(48.96, 0.95, every=15) == [3, 18, 33, 48]
    assert offsets(2.0, 0.95, every=15) == [0]


@pytest.mark.parametrize("size", [1, 997, 1152, 44_100, 400_000])
def test_the_mix_is_the_same_whatever_the_blocks(size: int) -> None:
    music = np.full((2, RATE * 6), 0.5, dtype=np.float32)
    tag = leveled(read_tag(voice_tag.SHIPPED), -14.0)
    if size < 900:
        music, starts = music[:, : RATE // 2], [0.1]
        tag = tag[: RATE // 5]
    else:
        starts = [1.0, 4.0]
    blocks = (music[:, at : at + size] for at in range(0, music.shape[1], size))
    parts = np.concatenate(list(mixed(blocks, tag, starts)), axis=1)
    whole = np.concatenate(list(mixed([music], tag, starts)), axis=1)
    assert parts.shape == music.shape
    assert np.allclose(parts, whole)


def test_music_is_ten_decibels_lower_under_the_tag_and_untouched_elsewhere() -> None:
    music = np.full((2, RATE * 3), 0.5, dtype=np.float32)
    quiet = np.full(RATE, 1e-9, dtype=np.float32)
    (result,) = mixed([music], quiet, [1.0])
    assert result[0, int(1.5 * RATE)] == pytest.approx(0.5 * 10 ** (-0.5), rel=1e-3)
    assert np.all(result[:, : int(0.9 * RATE)] == 0.5)
    assert np.all(result[:, int(2.1 * RATE) :] == 0.5)
    assert np.all(music == 0.5)


def test_the_mix_never_clips() -> None:
    music = np.ones((2, RATE * 2), dtype=np.float32)
    (result,) = mixed([music], np.full(RATE, 0.9, dtype=np.float32), [0.5])
    assert np.abs(result[:, int(0.6 * RATE) : int(1.4 * RATE)]).max() <= 0.98


def test_the_shipped_tag_is_about_a_second_of_speech() -> None:
    tag = read_tag(voice_tag.SHIPPED)
    assert 0.5 < len(tag) / RATE < 3
    assert np.abs(tag).max() > 0.5
