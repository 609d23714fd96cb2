"""The docstring of each rule shows a plan before and after, and the rule rewrites it exactly so."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from pretzel.compiler.optimize import RULES, rules
from pretzel.compiler.optimize.driver import apply
from pretzel.compiler.optimize.pattern import Rule
from pretzel.plan.render import render
from tests.compiler.optimize.texts import example

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


@each_rule
def test_the_rule_matches_its_docstring(rule: Rule) -> None:
    plans = example(rule)
    assert render(plans.before) != render(plans.after)
    assert render(apply(rule, plans.before)) == render(plans.after)


@each_rule
def test_a_second_application_changes_nothing(rule: Rule) -> None:
    once = apply(rule, example(rule).before)
    assert apply(rule, once) is once


@each_rule
def test_the_rule_has_a_file_of_its_name_and_is_short(rule: Rule) -> None:
    assert inspect.getsourcefile(rule.rewrite).endswith(f"/rules/{rule.name}.py")
    source, _ = inspect.getsourcelines(rule.rewrite)
    code = len(source) - len((rule.rewrite.__doc__ or "").splitlines())
    assert code <= 25, f"{rule.name}: {code} lines of rewrite"
    assert rule.summary


def test_every_file_is_in_the_list() -> None:
    files = {path.stem for path in Path(rules.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == {rule.name for rule in RULES}
    assert len(RULES) == len(files)
