"""The parts of the console by themselves: units, metrics, series, charts, the picture, the cache."""

import ssl
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.console import charts, picture, units
from pretzel.console.history import WINDOW, History, Point, Series
from pretzel.console.kept import Kept
from pretzel.console.metrics import Calls, Reader, merged, parse, quantile, since
from pretzel.errors import InputError, UnavailableError
from pretzel.targets import Tls


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "0.98 KiB"),
        (1 << 20, "1.00 MiB"),
        (43_548_426, "41.5 MiB"),
        (5e15, "4547 TiB"),
    ],
)
def test_sizes(number: float, text: str):
    assert units.size(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (float("inf"), "–"), (0, "0 µs"), (6.92e-05, "69.2 µs"), (0.00123, "1.23 ms"), (2.5, "2.50 s")],
)
def test_durations(seconds: float | None, text: str):
    assert units.duration(seconds) == text


@pytest.mark.parametrize(("share", "text"), [(0, "0 %"), (0.001, "< 1 %"), (0.0051, "1 %"), (0.648, "65 %")])
def test_shares(share: float, text: str):
    assert units.percent(share) == text


@given(st.floats(0, 1e15))
def test_formats_never_have_more_than_three_digits_before_the_unit_changes(number: float):
    digits = units.size(number).split()[0]
    assert len(digits) <= 4 or number >= 1000 * 1024**4
    assert units.rate(number).endswith(" /s")


TEXT = """\
# HELP pretzel_request_seconds Time to answer a call that succeeded.
# TYPE pretzel_request_seconds histogram
pretzel_request_seconds_bucket{method="Predict",model="a",le="0.001"} 8
pretzel_request_seconds_bucket{method="Predict",model="a",le="0.01"} 10
pretzel_request_seconds_bucket{method="Predict",model="a",le="+Inf"} 10
pretzel_request_seconds_count{method="Predict",model="a"} 10
pretzel_request_seconds_sum{method="Predict",model="a"} 0.02
pretzel_request_seconds_bucket{method="Infer",model="a",le="0.001"} 2
pretzel_request_seconds_bucket{method="Infer",model="a",le="0.01"} 2
pretzel_request_seconds_bucket{method="Infer",model="a",le="+Inf"} 2
pretzel_request_seconds_count{method="Infer",model="a"} 2
pretzel_request_seconds_sum{method="Infer",model="a"} 0.001
# TYPE pretzel_errors_total counter
pretzel_errors_total{method="Predict",model="a \\"b\\"",code="INVALID_ARGUMENT"} 3
# TYPE pretzel_resident_plans gauge
pretzel_resident_plans 4
# TYPE pretzel_processor_seconds_total counter
pretzel_processor_seconds_total 1.5
# TYPE something_else gauge
something_else{bad
"""


def test_metrics_are_summed_over_methods():
    scrape = parse(TEXT)
    a = scrape.models["a"]
    assert (a.count, a.seconds, a.errors) == (12, pytest.approx(0.021), 0)
    assert a.buckets == {0.001: 10, 0.01: 12, float("inf"): 12}
    assert scrape.models['a "b"'].errors == 3
    assert scrape.figures == {"resident_plans": 4, "processor_seconds": 1.5}


def test_quantiles_are_interpolated_within_a_bucket():
    calls = Calls(10, buckets={0.001: 5, 0.01: 10, float("inf"): 10})
    assert quantile(calls, 0.5) == pytest.approx(0.001)
    assert quantile(calls, 0.75) == pytest.approx(0.0055)
    assert quantile(calls, 1.0) == pytest.approx(0.01)
    assert quantile(Calls(1, buckets={0.01: 0, float("inf"): 1}), 0.99) == 0.01  # the last bucket has no upper bound
    assert quantile(Calls(), 0.5) is None


@given(st.lists(st.integers(0, 50), min_size=2, max_size=6), st.floats(0.01, 1))
def test_a_quantile_lies_in_the_bucket_that_reaches_its_share(counts: list[int], share: float):
    bounds = [*(10.0**n for n in range(len(counts) - 1)), float("inf")]
    reached = [sum(counts[: n + 1]) for n in range(len(counts))]
    found = quantile(Calls(reached[-1], buckets=dict(zip(bounds, reached, strict=True))), share)
    if not reached[-1]:
        assert found is None
        return
    first = next(n for n, count in enumerate(reached) if count >= share * reached[-1] - 1e-9)
    low = bounds[first - 1] if first else 0.0
    high = low if bounds[first] == float("inf") else bounds[first]
    assert low - 1e-9 <= found <= high + 1e-9


def test_calls_since_a_restart_count_from_zero():
    before, after = Calls(10, 1.0, 2, {1.0: 10}), Calls(14, 1.5, 2, {1.0: 14})
    assert since(after, before) == Calls(4, 0.5, 0, {1.0: 4})
    assert since(before, after) is before
    assert since(after, None) is after
    assert merged([before, after]) == Calls(24, 2.5, 4, {1.0: 24})


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "http://127.0.0.1:1/other", "http://u@127.0.0.1:1/metrics", "gopher://x/metrics", "nothing"],
)
async def test_only_urls_of_metrics_are_read(url: str):
    with pytest.raises(UnavailableError, match="expected http://host:port/metrics"):
        await Reader(Tls()).read(url)


def test_a_certificate_that_is_trusted_need_not_be_an_authority():
    assert Reader(Tls())._context.verify_mode is ssl.CERT_REQUIRED


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
