"""A counterexample for a rule, and shared parts of definitions."""

from __future__ import annotations

from dataclasses import dataclass

COUNTS = """
    %text = input column="text" kind="str"
    %x = count_ngrams %text vocabulary=@v:str[3] unit="char" low=1 high=1 dtype="f64"
"""
TREE = (
    "roots=@roots feature=@feature threshold=@t:f64[3] left=@left right=@right"
    " missing_left=@missing leaves=@v:f64[2] base=@b:f64[1]"
)
ROWS = 'x = input column="x" kind="f64[3]"'


@dataclass(frozen=True)
class Refusal:
    """A definition that ``rule`` must not change."""

    rule: str
    why: str
    text: str
