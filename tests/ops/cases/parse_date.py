"""ParseDate: formats, texts that spell dates or nearly do, missing texts, both treatments of others."""

from hypothesis import strategies as st

from pretzel.plan import ops
from pretzel.plan.ops.dates import ISO, ISO_FORMATS
from tests.ops.cases import MISSING, ROWS, Drawn
from tests.ops.ticks import UNIT

OPERATOR = ops.ParseDate
FORMATS = [*ISO_FORMATS[2:5], "%Y-%m-%d %H:%M:%S", "%d/%m/%y %H:%M", "%Y%m%d", "%Y-%m-%dT%H:%M:%S.%f", "%m.%d.%Y %%"]
FIELDS = {
    "Y": ["1970", "2020", "2024", "0001", "0000", "1677", "9999", "24"],
    "y": ["68", "69", "00", "7"],
    "m": ["01", "02", "12", "13", "00", "2"],
    "d": ["01", "28", "29", "30", "31", "00", "9"],
    "H": ["00", "23", "24", "7"],
    "M": ["00", "59", "60"],
    "S": ["00", "59", "60", "61"],
    "f": ["1", "123456", "000001", "1234567", ""],
}
OTHERS = [
    "",
    "NaT",
    "nan",
    "now",
    "today",
    "x",
    "2020",
    "1/1/1",
    "2020-1-1",
    "  2020-01-01",
    "２０２０-01-01",
    "é",
    "NaTs",
]
USUAL = {letter: first[:2] for letter, first in FIELDS.items()}


def filled(format: str, fields: dict[str, list[str]]) -> st.SearchStrategy[str]:
    """Texts of a format whose fields are among these."""
    letters = [letter for letter in fields if f"%{letter}" in format]

    def fill(drawn: tuple[str, ...]) -> str:
        text = format.replace("%%", "\0")
        for letter, digits in zip(letters, drawn, strict=True):
            text = text.replace(f"%{letter}", digits)
        return text.replace("\0", "%")

    return st.tuples(*(st.sampled_from(fields[letter]) for letter in letters)).map(fill)


@st.composite
def strategy(draw: st.DrawFn) -> Drawn:
    format, unit, rows = draw(st.sampled_from(FORMATS)), draw(UNIT), draw(ROWS)
    usual = filled(format, USUAL) | MISSING
    texts = st.lists(usual | filled(format, FIELDS) | st.sampled_from(OTHERS), min_size=rows, max_size=rows)
    texts = texts | st.lists(usual, min_size=rows, max_size=rows)
    coerce = draw(st.booleans())
    read_as = format if coerce else draw(st.sampled_from([format, ISO]))
    return ops.ParseDate(ops.Input("x", "str"), read_as, unit, coerce), {"x": draw(texts)}
