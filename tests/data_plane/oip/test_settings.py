"""Trace and log settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
import structlog

from pretzel.inference import service_pb2 as pb
from pretzel.serving.logs import LEVELS, configure, levels, set_levels
from tests.data_plane.oip.conftest import Inferring, refusal

Code = grpc.StatusCode


@pytest.fixture(autouse=True)
def usual_levels() -> Iterator[None]:
    before = levels()
    yield
    set_levels(before)
    structlog.reset_defaults()


async def logged(serving: Inferring, **settings: Any) -> dict[str, Any]:
    request = pb.LogSettingsRequest()
    for name, value in settings.items():
        kind = {bool: "bool_param", int: "uint32_param", str: "string_param"}[type(value)]
        setattr(request.settings[name], kind, value)
    answer = (await serving.oip.LogSettings(request)).settings
    return {name: getattr(value, value.WhichOneof("parameter_choice")) for name, value in answer.items()}


async def test_levels_change_at_once(serving: Inferring, capfd: pytest.CaptureFixture[str]):
    configure("warning")
    log = structlog.get_logger("test")

    def lines() -> list[str]:
        for level in LEVELS:
            getattr(log, level)(f"an event of {level}")
        text = capfd.readouterr().err
        return [level for level in LEVELS if f"an event of {level}" in text]

    assert await logged(serving) == {
        "log_file": "", "log_format": "ISO8601", "log_info": False, "log_warning": True, "log_error": True,
        "log_verbose_level": 0,
    }  # fmt: skip
    assert lines() == ["warning", "error"]
    assert (await logged(serving, log_info=True, log_warning=False, log_verbose_level=1))["log_verbose_level"] == 1
    assert lines() == ["debug", "info", "error"]
    await logged(serving, log_verbose_level=0, log_info=False, log_error=False)
    assert lines() == []


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"log_colour": True}, Code.INVALID_ARGUMENT),
        ({"log_info": 1}, Code.INVALID_ARGUMENT),
        ({"log_verbose_level": "1"}, Code.INVALID_ARGUMENT),
        ({"log_file": "/tmp/log"}, Code.UNIMPLEMENTED),
        ({"log_format": "default"}, Code.UNIMPLEMENTED),
    ],
)
async def test_log_settings_that_cannot_change(serving: Inferring, settings: dict, code: grpc.StatusCode):
    before = levels()
    await refusal(logged(serving, log_error=False, **settings), code)
    assert levels() == before  # all or nothing
    assert (await logged(serving, log_file="", log_format="ISO8601"))["log_file"] == ""


async def test_traces(serving: Inferring):
    answer = (await serving.oip.TraceSetting(pb.TraceSettingRequest(model_name="wine"))).settings
    assert list(answer["trace_level"].value) == ["OFF"]
    assert {*answer} == {"trace_file", "trace_level", "trace_rate", "trace_count", "log_frequency"}
    request = pb.TraceSettingRequest()
    request.settings["trace_level"].value.append("OFF")
    request.settings["trace_rate"].Clear()
    await serving.oip.TraceSetting(request)
    request.settings["trace_level"].value[:] = ["TIMESTAMPS"]
    await refusal(serving.oip.TraceSetting(request), Code.UNIMPLEMENTED)
    wrong = pb.TraceSettingRequest()
    wrong.settings["trace_colour"].value.append("red")
    assert "'trace_colour'" in await refusal(serving.oip.TraceSetting(wrong), Code.INVALID_ARGUMENT)
    await refusal(serving.oip.TraceSetting(pb.TraceSettingRequest(model_name="wein")), Code.NOT_FOUND)
