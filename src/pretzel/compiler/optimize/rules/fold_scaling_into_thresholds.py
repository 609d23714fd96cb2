"""A scaling in front of trees moves into their thresholds if that is exact."""

from __future__ import annotations

import numpy as np

from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.monotone import composed, finite_range, grows, last
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.plan.node import Node
from pretzel.plan.ops import Affine, RequireFinite, RequireWithin, Standardize, TreeEnsemble
from pretzel.plan.parameter import Parameter


@rule(on(TreeEnsemble))
def fold_scaling_into_thresholds(graph: Graph, forest: TreeEnsemble) -> Node | None:
    """A scaled feature is at most the threshold up to some number, which is the threshold of the unscaled feature.

    Before::

        %x = input column="x" kind="f64[2]"
        %1 = standardize %x mean=@m:f64[2] scale=@s
        %2 = cast %1 dtype="f32"
        %3 = tree_ensemble %2 roots=@roots feature=@feature threshold=@t:f64[3] left=@left right=@right \
missing_left=@missing leaves=@w:f64[2] base=@b:f64[1]
        output "y" = %3

    After::

        %x = input column="x" kind="f64[2]"
        %1 = tree_ensemble %x roots=@roots feature=@feature threshold=@moved left=@left right=@right \
missing_left=@missing leaves=@w:f64[2] base=@b:f64[1]
        output "y" = %1

    Where::

        s = np.array([2.0, 4.0])
        roots = np.array([0], np.int32)
        feature = np.array([1, 0, 0], np.int32)
        left = np.array([1, -1, -1], np.int32)
        right = np.array([2, 0, 1], np.int32)
        missing = np.array([True, False, False])
        half = 2.0**-24
        moved = np.array([4 * (1 + half) + m[1], 0, 0])
    """
    chain = _chain(graph, forest.x)
    if chain is None or forest.categories is not None:  # a set of categories has no order
        return None
    base = chain[0].inputs[0]
    if any(isinstance(node, RequireFinite) for node in chain) and base.type.dtype != "f64":
        return None  # the limits of the check are computed in float64 only
    thresholds = _thresholds(forest, [node for node in chain if not isinstance(node, RequireFinite)])
    checked = _checked(base, chain)
    if thresholds is None or checked is None:
        return None
    return forest.replace(x=checked, threshold=Parameter.of(thresholds), strict=False)


def _chain(graph: Graph, top: Node) -> list[Node] | None:
    """Return the scalings, casts and checks that only this forest reads, in the order in which they are computed."""
    chain: list[Node] = []
    while not graph.shared(top) and (isinstance(top, RequireFinite) or grows(top)):
        chain.insert(0, top)
        top = top.inputs[0]
    while chain and not isinstance(chain[0], Affine | Standardize):  # checks and casts alone save no work
        chain.pop(0)
    return chain or None


def _thresholds(forest: TreeEnsemble, scalings: list[Node]) -> np.ndarray | None:
    """Return the largest x of each inner node for which the forest branches left, or None if some node never does."""
    inner = forest.left.array >= 0
    pairs = np.empty(int(inner.sum()), complex)  # sorted as pairs are
    pairs.real, pairs.imag = forest.feature.array[inner], forest.threshold.array[inner]
    distinct, which = np.unique(pairs, return_inverse=True)
    scaled, limits = composed(scalings, distinct.real.astype(int)), distinct.imag
    dtype = scalings[0].inputs[0].type.numpy.str[1:]
    below = np.less if forest.strict else np.less_equal
    # Float64 represents every float32, so this compares as in the wider of the two types.
    largest = last(lambda x: below(scaled(x).astype("f8"), limits), len(limits), dtype)
    moved = np.zeros(len(inner), dtype)
    moved[inner] = largest[which]
    return None if np.isnan(largest).any() else moved


def _checked(x: Node, chain: list[Node]) -> Node | None:
    """Return x behind the checks of a chain, each translated from the scaled x to x."""
    every = np.arange(x.type.columns)
    for i, node in enumerate(chain):
        if isinstance(node, RequireFinite):
            scalings = [earlier for earlier in chain[:i] if not isinstance(earlier, RequireFinite)]
            limits = finite_range(composed(scalings, every), len(every))
            if limits is None:
                return None
            x = RequireWithin(x, Parameter.of(limits[0]), Parameter.of(limits[1]), node.owner, node.allow_nan)
    return x
