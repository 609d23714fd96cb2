"""The console of `pretzel up`, in a real browser: it needs chromium and the package `playwright`."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import pretzel
from pretzel.cli import console_server, main
from pretzel.cli.children import Server
from pretzel.errors import UnavailableError
from tests.e2e.trained import IRIS, PEOPLE, Trained
from tests.e2e.up import PATIENCE, Up, started, until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
in_a_browser = pytest.mark.skipif(
    not CHROMIUM or importlib.util.find_spec("playwright") is None, reason="needs chromium and playwright"
)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, trained: dict[str, Trained]) -> Iterator[Up]:
    with started(tmp_path_factory.mktemp("console"), "--console=0", "--http=off") as running:
        with running.plane() as plane:
            for name in ("iris", "people"):
                plane.deploy(name, trained[name].estimator, sample=trained[name].head(20))
            with pytest.raises(pretzel.errors.VerificationError):
                definition = pretzel.export(trained["iris"].estimator)
                plane.deploy("iris", definition, sample=IRIS.data[:5], expected={"predict_proba": np.zeros((5, 3))})
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A narrow page; messages of the browser, such as refusals by the policy of its content, fail the test."""
    opened = browser.new_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
    opened.set_default_timeout(PATIENCE * 1000)
    problems: list[str] = []
    opened.on("console", lambda message: None if "Failed to load" in message.text else problems.append(message.text))
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("request", lambda request: problems.append(request.url) if "127.0.0.1" not in request.url else None)
    yield opened
    opened.close()
    assert problems == []


def text_of(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return answer.read().decode()


def test_the_load_of_the_workers_arrives(up: Up):
    def called() -> bool:
        with up.client() as client:
            client.predict("iris", IRIS.data[:1])
        return '<a href="/model?name=iris">iris</a></th><td class="number">' in text_of(up.facts["console"])

    until(called, "the load")
    assert '<span class="tag good">up to date</span>' in text_of(f"{up.facts['console']}/workers")


@in_a_browser
def test_pages_fit_a_narrow_screen_and_follow_the_load(up: Up, page: Any):
    for path in ("/", "/models", "/model?name=people", "/sharing", "/workers", "/verification"):
        page.goto(up.facts["console"] + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert (
            page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(25, 24, 22)"
        )  # the style is read
    page.goto(up.facts["console"])
    with up.client() as client:
        client.predict("people", PEOPLE[:1])
    until(lambda: "people" in page.inner_text("#live"), "the load of another model")


@in_a_browser
def test_the_keyboard_reaches_everything_and_keeps_its_place(up: Up, page: Any):
    page.goto(up.facts["console"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.focus("#live a[href='/sharing']")
    page.evaluate("window.old = document.querySelector('#live').firstElementChild")
    until(lambda: not page.evaluate("window.old.isConnected"), "a new live part")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/sharing"
    page.keyboard.press("Enter")
    page.wait_for_url("**/sharing")
    page.focus("#pause")
    page.keyboard.press("Space")
    assert page.get_attribute("#pause", "aria-pressed") == "true"


@in_a_browser
def test_the_plan_of_a_model_is_a_picture_whose_stages_are_marked(up: Up, page: Any):
    page.goto(f"{up.facts['console']}/models?q=peo")
    page.click("th a")
    page.wait_for_url("**/model?name=people")
    page.click("a[href='#stage-1']")
    assert page.locator("svg.plan g.stage").count() == page.locator("a[href^='#stage-']").count() > 1
    stroke = "getComputedStyle(document.querySelector('#stage-1 rect')).stroke"
    assert page.evaluate(stroke) == "rgb(138, 184, 255)"
    assert {"age", "job"} <= {*page.locator("svg.plan g.input text.first").all_text_contents()}
    assert {"columntransformer__n", "columntransformer__c"} <= {
        *page.locator("svg.plan g.stage text").all_text_contents()
    }
    assert " for columntransformer__c" in page.inner_text("table:has(a[href='#stage-1'])")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_descriptions_and_explanations_name_the_steps_of_a_version(up: Up):
    with up.plane() as plane:
        assert "columntransformer__c" in plane.explain("people")
        (model,) = plane.models("people")
    stored = dict(model.versions[-1].metadata["step_names"])
    assert {"columntransformer__n", "columntransformer__c", "linearregression"} <= stored.keys()


@in_a_browser
def test_a_page_says_that_its_figures_are_old(up: Up, page: Any):
    page.goto(up.facts["console"])
    page.route("**/*", lambda route: route.fulfill(status=503))
    page.wait_for_selector("#stale:not([hidden])")
    assert "the figures are old" in page.inner_text("#stale")
    page.unroute("**/*")
    page.wait_for_selector("#stale", state="hidden")


def test_other_names_of_hosts_are_refused(up: Up):
    request = urllib.request.Request(up.facts["console"], headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=PATIENCE)
    assert refused.value.code == 421


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["console", "--host=0.0.0.0"], "console on '0.0.0.0': others can reach it, and it has no signing in"),
        (["up", "--console=nine"], "console 'nine': expected a port, host:port, auto or off"),
        (["up", "--console=10.0.0.1:0"], "others can reach it"),
    ],
)
def test_bad_addresses_are_refused(capsys: Any, arguments: list[str], message: str):
    assert (main(arguments), message in capsys.readouterr().err) == (3, True)


def test_a_taken_port_is_named_and_the_usual_one_replaced(up: Up):
    port = int(up.facts["console"].rpartition(":")[2])
    with pytest.raises(UnavailableError, match=f"cannot listen on 127.0.0.1:{port}.*choose another port"):
        console_server.listen("127.0.0.1", port)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console_server, "PORT", port)
        with console_server._opened("auto", False) as listener:
            assert listener.getsockname()[1] != port


def test_without_its_libraries_up_says_so_and_goes_on(capsys: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(console_server, "NEEDED", ("starlette", "not_installed"))
    assert console_server.of_up("auto", False, Server("control plane"), "127.0.0.1", None, None) is None
    said = "warning: no console: it needs not_installed; pip install 'pretzel[console]', or pass --console off\n"
    assert capsys.readouterr().err == said
    assert console_server.of_up("off", False, Server("control plane"), "127.0.0.1", None, None) is None


def test_it_runs_alone_and_stops_on_a_signal(up: Up):
    command = [
        sys.executable,
        "-P",
        "-m",
        "pretzel.cli",
        "console",
        "--port=0",
        f"--control-plane={up.facts['control']}",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = json.loads(process.stdout.readline())["port"]
            assert "people" in text_of(f"http://127.0.0.1:{port}/models")
            process.terminate()
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
