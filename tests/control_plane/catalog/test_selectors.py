"""Selectors: what they mean, against Kubernetes' rules, and the error of each malformed one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.control_plane.catalog.selectors import Selection
from pretzel.errors import InputError
from pretzel.plan.selectors import Requirement, parse

KEYS = st.sampled_from(["team", "a", "in", "notin", "x.y-z_0", "example.com/team"])
VALUES = st.sampled_from(["", "ads", "a.b", "in", "1", "x" * 63])


@st.composite
def written(draw: st.DrawFn) -> tuple[str, Requirement]:
    """One requirement, and a way to write it."""
    key, space = draw(KEYS), draw(st.sampled_from(["", " ", "\t "]))
    values = tuple(dict.fromkeys(draw(st.lists(VALUES, min_size=1, max_size=3))))
    listed = f",{space}".join(values)
    form = draw(st.sampled_from(["=", "==", "!=", "key", "!key", *(["in", "notin"] if listed.strip() else [])]))
    if form in ("in", "notin"):
        return f"{key} {form}{space}({space}{listed}{space})", Requirement(key, values, form == "notin")
    if form in ("key", "!key"):
        return form.replace("key", f"{space}{key}" if form == "!key" else key), Requirement(key, None, form == "!key")
    return f"{key}{space}{form}{space}{values[0]}", Requirement(key, values[:1], form == "!=")


@given(st.lists(written(), max_size=5), st.sampled_from([",", ", ", " ,\t"]))
def test_every_way_to_write_requirements(parts: list[tuple[str, Requirement]], comma: str):
    assert parse(f" {comma.join(text for text, _ in parts)} ") == tuple(wanted for _, wanted in parts)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("team=ads,", "it ends with a comma; expected key=value, key!=value, key in"),
        (",team", "it is malformed at ',team'"),
        ("a,,b", "it is malformed at ',b'"),
        ("team in ads", "it is malformed at 'team in ads'"),
        ("team in (ads", r"it is malformed at 'team in \(ads'"),
        ("team in ()", r"team in \(\): expected at least one value in the brackets"),
        ("a=b c", "it is malformed at 'a=b c'"),
        ("a=b=c", "it is malformed at 'a=b=c'"),
        ("=ads", "it is malformed at '=ads'"),
        ("!", "it is malformed at '!'"),
        ("-team=ads", "label key '-team': expected 1 to 63 letters, digits and - _ . of ASCII"),
        ("Team.Com/x=1", "label key 'Team.Com/x': expected a DNS name of at most 253 characters"),
        ("team=-ads", "selector: team: value '-ads': expected at most 63 letters"),
        ("team in (ok, é)", "selector: team: value 'é': expected at most 63 letters"),
        ("x" * 4097, "selector: 4,097 characters; at most 4,096"),
        (",".join("a" * 33), "selector: 33 requirements; at most 32"),
        (f"a in ({','.join(map(str, range(65)))})", "a in: 65 values; at most 64"),
    ],
)
def test_malformed_selectors(text: str, problem: str):
    with pytest.raises(InputError, match=problem):
        parse(text)


@given(st.text(st.sampled_from("ab =!,()in\t'\"\x00é"), max_size=30))
def test_any_text_is_parsed_or_rejected(text: str):
    try:
        assert all(requirement.key for requirement in parse(text))
    except InputError as error:
        assert str(error).startswith(("selector", "label key"))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"owner": "x" * 201}, "owner: 201 characters; at most 200"),
        ({"owner": "a\nb"}, r"owner 'a\\nb': it has '\\n' at 1"),
        ({"text": "x" * 201}, "search: 201 characters; at most 200"),
    ],
)
def test_other_parts_are_bounded(arguments: dict[str, str], problem: str):
    with pytest.raises(InputError, match=problem):
        Selection.of(**arguments)
