"""The workloads of the evaluation: their shares, their answers, and generation that continues where it stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pretzel
from benchmarks.paper.baselines.environments import SkippedError
from benchmarks.paper.sizes import SIZES
from benchmarks.paper.workloads import Workload
from benchmarks.paper.workloads.ac import KINDS, Attendees
from benchmarks.paper.workloads.corpus import FEWEST, Corpus, sentences
from benchmarks.paper.workloads.keeping import MANIFEST, NAMES, workload
from benchmarks.paper.workloads.sa import Sentiment, shares_of
from pretzel.plan.definition import iter_parameters

ROOT = Path(__file__).parents[3]
TEN, FULL = SIZES["ten"], SIZES["full"]
FEW = replace(TEN, models=4)
DYING = """\
import os, signal, sys
from pathlib import Path
from benchmarks.paper.sizes import SIZES
from benchmarks.paper.workloads.keeping import workload
from dataclasses import replace
def progress(text):
    if "model 3" in text:
        os.kill(os.getpid(), signal.SIGKILL)
workload("AC", replace(SIZES["ten"], models=4), Path(sys.argv[1]), None, progress)
"""


@pytest.fixture(scope="module")
def workloads(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Workload]:
    folder = tmp_path_factory.mktemp("workloads")
    return {name: workload(name, TEN, folder / name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_members_are_distinct_and_answer_as_the_library(workloads: Mapping[str, Workload], name: str) -> None:
    made = workloads[name]
    assert len(made.members) == TEN.models and len(made.rows) == TEN.asked and made.about
    assert len({member.exported().digest for member in made.members}) == TEN.models
    assert made.pickled_bytes == sum(member.pickle.stat().st_size for member in made.members)
    for member in made.members:
        method = "predict_proba" if name == "SA" else "predict"
        wanted, ours = (
            getattr(one, method)(made.rows) for one in (member.estimator(), pretzel.load(member.definition))
        )
        np.testing.assert_allclose(ours, wanted, rtol=1e-6 if name == "SA" else 1e-9)  # SA has float32 features
        assert len(np.unique(wanted)) > len(made.rows) // 4


def test_sentiment_models_share_dictionaries_and_attendees_do_not(workloads: Mapping[str, Workload]) -> None:
    shares = {}
    for name, made in workloads.items():
        definitions = [member.exported() for member in made.members]
        copied = sum(len(item.blob) for one in definitions for item in one.parameters.values())
        distinct = sum(len(item.blob) for item in iter_parameters(definitions).values())
        shares[name] = copied / distinct
    assert shares["SA"] > 1.2 and shares["SA"] > shares["AC"] and shares["AC"] < 1.05


def test_versions_are_used_as_often_as_in_the_paper() -> None:
    made = Sentiment(Corpus(["a text"] * 4000, np.zeros(4000), ""), FULL)
    words, characters = (Counter(made.parts(i)[part] for i in range(FULL.models)) for part in (0, 1))
    assert [words[f"w{i}"] for i in range(1, 8)] == [86, 85, 46, 9, 9, 8, 7]
    assert [characters[f"c{i}"] for i in range(1, 7)] == [86, 85, 46, 18, 8, 7]
    kinds = Counter(Attendees(FULL).kinds)
    assert kinds["trivial"] == 45 and sum(kinds.values()) == FULL.models and set(kinds) == set(KINDS)


@pytest.mark.parametrize("total", [1, 10, 50, 249, 250])
def test_shares_add_up(total: int) -> None:
    counts = (86, 85, 46, 9, 9, 8, 7)
    shares = shares_of(counts, total)
    assert sum(shares) == total and all(abs(s - c * total / 250) < 1 for s, c in zip(shares, counts, strict=True))


@pytest.mark.parametrize(("name", "number"), [("SA", 3), ("AC", 1), ("AC", 5)])
def test_generation_is_deterministic(workloads: Mapping[str, Workload], name: str, number: int) -> None:
    maker: Any = Attendees(TEN) if name == "AC" else Sentiment(sentences(None, TEN.texts), TEN)
    member = workloads[name].members[number]
    assert maker.parts(number) == member.parts
    assert pretzel.export(maker.estimator(number)).digest == member.exported().digest


def test_a_whole_workload_is_reused_and_another_replaced(tmp_path: Path) -> None:
    said: list[str] = []
    first = workload("AC", FEW, tmp_path / "AC", None, said.append)
    assert len(said) == FEW.models
    workload("AC", FEW, tmp_path / "AC", None, said.append)
    assert len(said) == FEW.models, "a whole workload is generated once"
    (tmp_path / "AC" / MANIFEST).write_text('{"fingerprint": ')
    first.members[2].definition.unlink()
    again = workload("AC", FEW, tmp_path / "AC", None, said.append)
    assert said[FEW.models :] == ["AC: model 3 of 4 is fitted"]
    assert [m.parts for m in again.members] == [m.parts for m in first.members]
    smaller = workload("AC", replace(FEW, models=2), tmp_path / "AC", None, said.append)
    assert len(smaller.members) == 2 and not first.members[3].pickle.exists()


def test_a_killed_generation_continues(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", DYING, str(tmp_path / "AC")], cwd=ROOT, timeout=120, check=False)
    assert ran.returncode == -signal.SIGKILL
    said: list[str] = []
    made = workload("AC", FEW, tmp_path / "AC", None, said.append)
    assert said == ["AC: model 3 of 4 is fitted", "AC: model 4 of 4 is fitted"]
    maker = Attendees(FEW)
    for number, member in enumerate(made.members):
        assert member.exported().digest == pretzel.export(maker.estimator(number)).digest
    assert not list(tmp_path.rglob("*.part"))


def test_built_in_texts_are_labelled_and_in_one_order() -> None:
    first, again = (sentences(None, 500) for _ in range(2))
    assert list(first.texts) == list(again.texts) and (first.labels == again.labels).all()
    assert len(set(first.texts)) == 500 and set(first.labels) == {0, 1} and "500 of" in first.about


def test_a_file_of_reviews_is_read(tmp_path: Path) -> None:
    path = tmp_path / "reviews.tsv"
    path.write_text("label\ttext\n" + "".join(f"{i % 2}\ttext number {i}\n" for i in range(FEWEST + 100)))
    found = sentences(path, FEWEST)
    assert len(found.texts) == FEWEST and "reviews.tsv" in found.about
    assert all(int(text.rsplit(" ", 1)[1]) % 2 == label for text, label in zip(found.texts, found.labels, strict=True))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"label\ttext\n\xff\xfe\n", "cannot be read"),
        (b"label\ttext\n1\tgood\n0 bad\n", "line 3 is not 0 or 1, a tab and a text"),
        (b"label\ttext\n2\tgood\n", "line 2 is not"),
        (b"label\ttext\n1\tgood\n", "1 reviews; expected"),
    ],
)
def test_a_corpus_that_cannot_be_used_is_one_line_on_what_to_do(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "reviews.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SkippedError) as caught:
        workload("SA", TEN, tmp_path / "SA", path)
    message = str(caught.value)
    assert said in message and str(path) in message and "\n" not in message
    assert "leave out --corpus" in message or "name a larger file" in message
    assert not (tmp_path / "SA").exists()
