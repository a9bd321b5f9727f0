"""Integrated loudness after EBU R 128, measured by FFmpeg's own meter."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph

from flexapp.audio.decoding import Block

_FLOOR = -70.0
"""The absolute gate of ITU-R BS.1770: nothing quieter is measured."""


def loudness(blocks: Iterable[Block], *, rate: int) -> float | None:
    """LUFS of stereo blocks with one decimal, None when all of it is below the gate."""
    graph = Graph()
    source = graph.add_abuffer(sample_rate=rate, format="fltp", layout="stereo", time_base=Fraction(1, rate))
    meter = graph.add("ebur128", "metadata=1:framelog=quiet")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    level, position = math.nan, 0
    for block in blocks:
        if not block.shape[1]:
            continue
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate, position, Fraction(1, rate)
        position += block.shape[1]
        graph.push(frame)
        level = _pull(graph, level)
    return round(level, 1) if math.isfinite(level) and level > _FLOOR else None


def _pull(graph: Graph, level: float) -> float:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return level
        level = float(frame.metadata.get("lavfi.r128.I", level))
