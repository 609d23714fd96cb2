"""Detection of compression, encoding and format from bytes; ambiguous bytes need an option."""

import gzip
import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.cli.files import read
from pretzel.cli.tables.reading import Reading, parsed_types
from pretzel.cli.tables.reads import Reads
from pretzel.errors import InputError

TEXTS = Reads("texts", kind="text")
MATRIX = Reads("matrix", kind="number", width=2)
FRAME = Reads("frame", ("a", "b"), {"a": "number", "b": "text"})


def rows(content: bytes | Path, reads: Reads, monkeypatch, **reading) -> list:
    """Return the rows of a file, or of bytes on standard input."""
    if isinstance(content, bytes):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    batches = read(content if isinstance(content, Path) else None, reads, Reading(**reading), 2)
    return [
        row
        for batch in batches
        for row in (batch.X if not isinstance(batch.X, dict) else zip(*batch.X.values(), strict=True))
    ]


@pytest.mark.parametrize(
    ("reads", "content", "want"),
    [
        (MATRIX, b"a,b\n1,2\n", [[1, 2]]),
        (MATRIX, b"a\tb\n1\t2\n", [[1, 2]]),
        (MATRIX, b"[1, 2]\n\n[3, 4.5]\n", [[1, 2], [3, 4.5]]),
        (MATRIX, b'{"b": 1, "a": 2}\n{"a": 3, "b": 4}\n', [[1, 2], [4, 3]]),
        (FRAME, b'{"b": "01", "a": 2}\n', [(2, "01")]),
        (FRAME, b"a,b\n2,01\n", [(2, "01")]),
        (TEXTS, b"a good movie\na bad, bad one\n", ["a good movie", "a bad, bad one"]),
        (TEXTS, b"good\n", ["good"]),
        (TEXTS, '\ufeffgut, "schön"\r\n\r\nschlecht\r\n'.encode(), ['gut, "schön"', "", "schlecht"]),
        (TEXTS, b'{"text": "good"}\n{"text": "bad"}\n', ["good", "bad"]),
    ],
)
def test_all_sources_return_the_same_rows(tmp_path: Path, monkeypatch, reads, content, want) -> None:
    (tmp_path / "rows").write_bytes(content)
    (tmp_path / "packed.gz").write_bytes(gzip.compress(content))
    for source in (content, tmp_path / "rows", tmp_path / "packed.gz"):
        actual = rows(source, reads, monkeypatch)
        assert [row if isinstance(row, (str, tuple)) else list(row) for row in actual] == want


@pytest.mark.parametrize(
    "content", ["text\ngood one\nbad one\n", "label\ttext\n1\tgood\n", '"good, one"\nbad\n', "a,b\n1,x y\n2,z\n"]
)
def test_documents_that_may_be_a_table_are_rejected(monkeypatch, content: str) -> None:
    with pytest.raises(InputError, match="standard input: it may be lines of text, or a table") as caught:
        rows(content.encode(), TEXTS, monkeypatch)
    assert "--format lines" in caught.value.__notes__[0] and "--format csv" in caught.value.__notes__[0]
    assert rows(content.encode(), TEXTS, monkeypatch, format="lines") == content.splitlines()


def test_documents_from_a_table_on_standard_input(monkeypatch) -> None:
    content = b"label,text\n1,good\n0,bad\n"
    assert rows(content, TEXTS, monkeypatch, columns=("text",)) == ["good", "bad"]
    assert rows(content, TEXTS, monkeypatch, columns=("2",), header=False) == ["text", "good", "bad"]
    assert rows(b"text\ngood\n", TEXTS, monkeypatch, header=True) == ["good"]


@pytest.mark.parametrize(
    ("format", "reading", "problem"),
    [
        ("jsonl", {"header": True}, "--header cannot be used with jsonl"),
        ("lines", {"types": {"a": "int"}, "decimal": ","}, "--types, --decimal cannot be used with lines"),
        ("lines", {"columns": ("a",)}, "lines of text have no column 'a'"),
    ],
)
def test_unsupported_options_of_a_format_are_rejected(monkeypatch, format, reading, problem) -> None:
    with pytest.raises(InputError, match=problem):
        rows(b"good\n", TEXTS, monkeypatch, format=format, **reading)


def test_lines_of_text_are_not_rows_of_a_matrix(monkeypatch) -> None:
    with pytest.raises(InputError, match="the model does not take lines of text"):
        rows(b"1,2\n", MATRIX, monkeypatch, format="lines")


def test_damaged_files_are_named(tmp_path: Path, monkeypatch) -> None:
    packed = gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)
    (tmp_path / "torn.csv.gz").write_bytes(packed[:-20])
    with pytest.raises(InputError, match="torn.csv.gz: it cannot be decompressed"):
        rows(tmp_path / "torn.csv.gz", MATRIX, monkeypatch)


def test_absent_keys_are_missing_values(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "x.jsonl").write_text('{"a": 1, "b": "x"}\n{"a": 2, "c": 0}\n{"b": null}\n')
    actual = [(float(a), b) for a, b in rows(tmp_path / "x.jsonl", FRAME, monkeypatch)]
    assert repr(actual) == "[(1.0, 'x'), (2.0, nan), (nan, nan)]"
    (tmp_path / "x.jsonl").write_text('{"a": 1}\n')
    with pytest.raises(InputError, match="column 'b' is missing; the file has 'a'"):
        rows(tmp_path / "x.jsonl", FRAME, monkeypatch)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"a": 1, "b": "x"}\n[1, 2]\n', "line 2: expected an object, got"),
        ("[1, 2]\n7\n", "line 2: expected an array, got 7"),
        ("[1, 2]\n[1]\n", "line 2: expected 2 values, got 1"),
        ('[{"a": 1, "b": "x"}]\n', "line 1: expected one row, got an array of objects"),
        ('{"a": {"0": 1}, "b": {"0": "x"}}\n', "line 1, column 'a': expected a number or a text, got an object"),
    ],
)
def test_inconsistent_json_lines(tmp_path: Path, monkeypatch, content: str, problem: str) -> None:
    (tmp_path / "x.jsonl").write_text(content)
    with pytest.raises(InputError, match=problem):
        rows(tmp_path / "x.jsonl", FRAME, monkeypatch)


def test_types_are_parsed() -> None:
    assert parsed_types(["a=str, b=int", "c=d=float"]) == {"a": "str", "b": "int", "c=d": "float"}
    for wrong in ("a", "a=text"):
        with pytest.raises(InputError, match="expected NAME=TYPE, with one of str, int, float, bool, category"):
            parsed_types([wrong])


def test_numbers_of_json_keep_their_type_across_batches(monkeypatch) -> None:
    content = b"[16777217, 2]\n[3, 4]\n[5, 6]\n[7, 0.5]\n"
    assert rows(content, MATRIX, monkeypatch)[-1].tolist() == [7, 0.5]
    with pytest.raises(
        InputError, match=r"line 3, column '1': the column had only whole numbers, a large one in line 1"
    ):
        rows(content.replace(b"[5, 6]", b"[5.5, 6]"), MATRIX, monkeypatch)


@pytest.mark.parametrize("content", ["[\n[1, 2]\n]\n", '[{"a": 1,\n"b": 2}]', "{\n"])
def test_json_not_in_lines_is_rejected(tmp_path: Path, monkeypatch, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(InputError, match=r"x.json: line 1: not JSON") as caught:
        rows(tmp_path / "x.json", MATRIX, monkeypatch)
    assert "jq -c '.[]'" in caught.value.__notes__[0]


TORN = [b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"BZh91AY&SY", b"PAR1", b"\xff\xfe", b"\0", b"\r", b'"', b"\xc3"]
WHOLE = [b"a,b\n", b"1,2\n", b"0,1\n", b"x;y\n", b"NaN,\n", b"\n", "\u00fc\n".encode("utf-16")]
JSON = [b"[1, 2]\n", b'{"a": 1}\n', b"[[]]\n", b"[]\n", b"{}\n", b"1e999\n", b"null\n"]
PIECES = st.sampled_from([*TORN, *WHOLE, *JSON])


@given(st.lists(PIECES | st.binary(max_size=6), max_size=6).map(b"".join), st.sampled_from([TEXTS, MATRIX, FRAME]))
def test_any_bytes_are_rows_or_rejected(content: bytes, reads: Reads) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        for format in ("auto", "csv", "lines", "jsonl", "parquet"):
            with suppress(InputError):
                rows(content, reads, monkeypatch, format=format)
