"""The page of ONNX operators equals the output of its generator."""

import runpy
from pathlib import Path

import onnx
import pytest

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_is_up_to_date() -> None:
    page = (DOCS / "onnx.md").read_text()
    if f"onnx {onnx.__version__} " not in page:
        pytest.skip(f"the page was generated with another onnx than {onnx.__version__}")
    generator = runpy.run_path(str(DOCS / "generate_onnx.py"))
    assert page == generator["page"](), "run make docs, and commit docs/onnx.md"
