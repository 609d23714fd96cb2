"""The parts of the console by themselves: units, metrics, series, charts, the picture, the cache."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.console import charts, picture, units
from pretzel.console.history import WINDOW, History, Point, Series
from pretzel.console.kept import Kept
from pretzel.errors import InputError
from pretzel.scraping.metrics import Calls


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (float("inf"), "–"), (0, "0.00 µs"), (6.92e-05, "69.2 µs"), (0.00123, "1.23 ms"), (2.5, "2.50 s")],
)
def test_durations(seconds: float | None, text: str):
    assert units.duration(seconds) == text


@pytest.mark.parametrize(("share", "text"), [(0, "0 %"), (0.001, "< 1 %"), (0.0051, "1 %"), (0.648, "65 %")])
def test_shares(share: float, text: str):
    assert units.percent(share) == text


@given(st.floats(0, 1e15))
def test_rates_have_a_unit(number: float):
    assert units.rate(number).endswith(" /s")


def test_the_history_drops_models_that_are_idle():
    history = History()
    history.add(1000.0, 2.0, {"a": Calls(4, 0.1, 0, {0.1: 4}), "b": Calls(0, 0, 1)})
    history.add(1002.0, 2.0, {"a": Calls(2, 0.1, 0, {0.1: 2})})
    assert [one.rate for one in history.of("a").points] == [2.0, 1.0]
    assert history.of("b").points[0].errors == 0.5
    assert [name for name, _ in history.busiest(5)] == ["a", "b"]
    history.add(1003.0 + WINDOW, 2.0, {})
    assert history.busiest(5) == []
    assert history.of("a").last is None
    assert [one.at for one in history.total.points] == [1003.0 + WINDOW]


def test_charts_span_ten_minutes_and_say_what_they_show():
    points = [Point(1000.0, 5.0), Point(1002.0, 17.0), Point(1200.0, 3.0)]
    line = charts.Line("requests", lambda one: one.rate, "first")
    drawn = charts.chart("Requests", points, 1300.0, [line], units.rate, charts.from_zero)
    svg = ElementTree.fromstring(drawn.svg)
    assert svg.attrib["aria-label"] == "Requests over ten minutes; requests now 3.00 /s"
    assert list(drawn.levels) == ["20 /s", "10 /s", "0 /s"]
    lines = [path.attrib["d"] for path in svg if path.attrib["class"] == "line first"]
    assert lines == ["M300.0 90.0L302.0 18.0", "M497.0 102.0L500.0 102.0"]  # nothing is drawn over the gap
    assert drawn.is_single


@given(st.lists(st.floats(1e-6, 100), max_size=5))
def test_a_scale_by_decades_holds_all_values(values: list[float]):
    scale = charts.by_decades(values)
    assert all(0 <= scale.place(value) <= 1 for value in values)
    assert all(scale.value(scale.place(value)) == pytest.approx(value) for value in values)
    assert (scale.high - scale.low) % 2 == 0


def test_a_chart_without_points():
    drawn = charts.chart(
        "Latency", [], 0.0, [charts.Line("p50", lambda one: one.p50, "first")], units.duration, charts.by_decades
    )
    assert drawn.lines == [("p50", "first", "–")]
    assert list(drawn.levels) == ["1 ms", "100 µs", "10 µs"]


def test_a_series_has_a_bound():
    series = Series()
    for number in range(1000):
        series.add(Point(number / 100, 1.0))
    assert len(series.points) == 400


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" onload="x()">{}</svg>'


def test_the_picture_keeps_shapes_and_texts_only():
    inside = (
        '<style>text { }</style><script>alert(1)</script><a href="javascript:x()"><text>no</text></a>'
        '<g class="input"><text x="1">&lt;b&gt; 3 us</text></g><g class="stage hot" onclick="x()">'
        '<rect x="1" style="a"/></g>'
        '<g class="stage"><foreignObject/></g>'
    )
    drawn = picture.inline(SVG.format(inside))
    kept = (
        '<g class="input"><text x="1">&lt;b&gt; 3 µs</text></g>'
        '<g class="stage hot" id="stage-1"><rect x="1"></rect></g><g class="stage" id="stage-2"></g></svg>'
    )
    assert drawn.endswith(f'outputs at the bottom">{kept}')


@pytest.mark.parametrize("text", ["", "<svg", '<!DOCTYPE x [<!ENTITY a "b">]><svg>&a;</svg>'])
def test_what_is_no_picture_is_refused(text: str):
    with pytest.raises(InputError, match="the picture of the plan"):
        picture.inline(text)


def test_the_cache_is_bounded_in_number_and_time():
    kept: Kept[int] = Kept(60.0, 2)
    for number, key in enumerate("abca"):
        kept.put(key, number)
    assert [kept.get(key) for key in "abc"] == [3, None, 2]
    brief: Kept[int] = Kept(0.0, 2)
    brief.put("a", 1)
    assert brief.get("a") is None
