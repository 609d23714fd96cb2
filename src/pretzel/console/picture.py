"""The picture of a plan: the control plane draws it; here it gets the colors of the page, and marks on its stages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from markupsafe import Markup, escape

from pretzel.errors import InputError

_TIME = re.compile(r"(?<=\d) us\b")
"""The unit of times as terminals show it."""
_SVG = "{http://www.w3.org/2000/svg}"
_KEPT = {
    "svg": ("viewBox", "width", "height"),
    "g": ("class",),
    "rect": ("x", "y", "width", "height", "rx"),
    "path": ("d",),
    "text": ("x", "y", "class"),
}
"""Elements and attributes that are written; others, such as styles, are left out."""


def inline(svg: str) -> Markup:
    """Return the drawing as an element of a page, whose style sheet gives it colors.

    Each stage gets the address ``#stage-1``, ``#stage-2``, ... in the order of the plan.

    Raises:
        InputError: it is not a drawing.
    """
    if "<!" in svg:
        raise InputError("the picture of the plan has declarations; expected plain SVG")
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise InputError(f"the picture of the plan is not SVG ({error})") from None
    return Markup("".join(_written(root, iter(range(1, 1 << 30)))))


def _written(element: ElementTree.Element, numbers: Iterator[int]) -> Iterator[str]:
    tag = str(element.tag).removeprefix(_SVG)
    if tag not in _KEPT:
        return
    attributes = "".join(f' {name}="{escape(element.attrib[name])}"' for name in _KEPT[tag] if name in element.attrib)
    if tag == "svg":
        attributes += ' class="plan" role="img" aria-label="The plan: inputs at the top, outputs at the bottom"'
    if tag == "g" and "stage" in element.attrib.get("class", "").split():
        attributes += f' id="stage-{next(numbers)}"'
    yield f"<{tag}{attributes}>{escape(_TIME.sub(' µs', (element.text or '').strip()))}"
    for child in element:
        yield from _written(child, numbers)
    yield f"</{tag}>"
