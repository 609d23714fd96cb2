"""One look at files proves the answers of calls that arrived together."""

from __future__ import annotations

from itertools import cycle

import grpc
import numpy as np
import pytest

from pretzel.data_plane.transport.connection import Connection
from pretzel.data_plane.transport.fast import FastPredict
from pretzel.data_plane.transport.front import NativeFront
from pretzel.data_plane.transport.held import MOST, MOST_BYTES, HeldAnswers
from pretzel.data_plane.transport.limits import Limits
from pretzel.data_plane.transport.methods import Methods
from pretzel.data_plane.transport.runner import SharedLook
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.cache.damage import flip
from tests.data_plane.models import regression
from tests.data_plane.serve.conftest import Serving
from tests.data_plane.transport.echo import Served, path, serve
from tests.data_plane.transport.peer import Peer, request
from tests.data_plane.transport.peer import message as message_of
from tests.data_plane.transport.test_deployed import ROWS, message, warm


@pytest.fixture
async def fast(serving: Serving) -> FastPredict:
    await serving.deploy("m", regression(3))
    return FastPredict(serving.router, serving.engine)


@pytest.fixture
def look(fast: FastPredict) -> SharedLook:
    look = SharedLook()
    fast.share(look)
    return look


def change(serving: Serving) -> None:
    """Write a file of the model, and then its old bytes again."""
    for _ in range(2):
        flip(serving.cache, serving.router.find("m").entry.digest, 8)


async def test_answers_wait_for_the_look(serving: Serving, fast: FastPredict, look: SharedLook):
    want = await warm(serving)
    look.open()
    assert [fast.answer(message()) for _ in range(3)] == [want] * 3
    assert look.close()


@pytest.mark.parametrize("before", [True, False])
async def test_a_file_that_changed_in_between_is_seen(
    serving: Serving, fast: FastPredict, look: SharedLook, before: bool
):
    want = await warm(serving)
    assert fast.answer(message()) == want
    look.open()
    if before:
        change(serving)
    assert fast.answer(message()) == want  # not released yet
    if not before:
        change(serving)
    assert not look.close()
    assert fast.answer(message()) is None  # it is closed: each answer is followed by a look of its own


async def test_a_look_is_of_one_batch(serving: Serving, fast: FastPredict, look: SharedLook):
    await warm(serving)
    look.open()
    assert fast.answer(message())
    change(serving)
    assert not look.close()
    look.open()
    assert look.close()  # nothing was answered since


async def test_only_released_answers_are_counted(serving: Serving, fast: FastPredict, look: SharedLook):
    await warm(serving)
    calls = serving.router.find("m").calls
    before = calls.rows
    look.open()
    assert fast.answer(message())
    assert calls.rows == before
    assert look.close()
    assert calls.rows == before + len(ROWS)
    look.open()
    assert fast.answer(message())
    change(serving)
    assert not look.close()
    assert calls.rows == before + len(ROWS)


async def test_messages_of_streams_wait_too(serving: Serving, fast: FastPredict, look: SharedLook):
    await warm(serving)
    streamed = pb.PredictStreamRequest(request=pb.PredictRequest(model="m", columns=columns_to_proto({"x": ROWS})))
    look.open()
    assert fast.answer_streamed(streamed.SerializeToString())
    change(serving)
    assert not look.close()
    assert fast.answer_streamed(streamed.SerializeToString()) is None  # it is closed


class Call:
    """Records what becomes of its answer."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.repeated: list[bytes] = []

    def respond(self, message: bytes, answer: bytes) -> None:
        self.sent.append(answer)

    def repeat(self, message: bytes) -> None:
        self.repeated.append(message)


class Look:
    """Looks with known outcomes."""

    def __init__(self, *intact: bool) -> None:
        self.outcomes = cycle(intact)
        self.opened = False

    def open(self) -> None:
        self.opened = True

    def close(self) -> bool:
        was_open, self.opened = self.opened, False
        return next(self.outcomes) if was_open else True


def held(intact: bool = True) -> HeldAnswers:
    answers = HeldAnswers(Look(intact))  # type: ignore[arg-type]
    answers.open()
    return answers


@pytest.mark.parametrize("intact", [True, False])
def test_answers_are_sent_or_their_calls_repeated(intact: bool):
    answers, calls = held(intact), [Call(), Call()]
    for number, call in enumerate(calls):
        answers.add(call, b"message", b"answer %d" % number)
    assert not any(call.sent or call.repeated for call in calls)
    answers.release()
    assert not answers.is_open
    assert [call.sent for call in calls] == ([[b"answer 0"], [b"answer 1"]] if intact else [[], []])
    assert [call.repeated for call in calls] == ([[], []] if intact else [[b"message"], [b"message"]])


@pytest.mark.parametrize(("count", "size"), [(MOST, 1), (2, MOST_BYTES // 2)])
def test_few_answers_are_held(count: int, size: int):
    answers, call = held(), Call()
    for _ in range(count - 1):
        answers.add(call, b"", bytes(size))
    assert not call.sent
    answers.add(call, b"", bytes(size))
    assert len(call.sent) == count
    assert answers.is_open  # for those that follow


def test_answers_of_a_lost_connection_are_dropped():
    answers, call = held(), Call()
    answers.add(call, b"", b"answer")
    answers.drop()
    answers.release()
    assert not call.sent and not call.repeated


def test_another_user_of_the_look_gets_it_closed():
    answers, call = held(), Call()
    answers.add(call, b"", b"answer")
    with answers.interrupted():
        assert call.sent == [b"answer"]
        assert not (answers.is_open or answers.look.opened)
    assert answers.is_open and answers.look.opened
    answers.release()
    with answers.interrupted():
        pass
    assert not answers.is_open


@pytest.mark.parametrize("outcomes", [[True], [False], [False, True, True]])
async def test_a_stream_is_answered_in_order_whatever_the_looks_find(native: Served, outcomes: list[bool]):
    native.front.methods.look = Look(*outcomes)
    choices = np.random.default_rng(len(outcomes)).integers(8, size=400)
    begins = [{6: b"await", 7: b"handler"}.get(choice, b"at once") for choice in choices.tolist()]
    messages = [begin + b" %d" % number for number, begin in enumerate(begins)]
    async with native.channel() as channel:
        answers = [answer async for answer in channel.stream_stream(path("FastLane"))(iter(messages), timeout=60)]
    assert answers == messages
    if len(outcomes) == 1:
        repeated = 0 if outcomes[0] else begins.count(b"at once")
        assert native.echo.calls == len(messages) + repeated


async def test_a_large_answer_without_room_leaves_those_before_it():
    async with serve("native", Limits(received_bytes=1 << 19)) as served, Peer.connected(served.port) as peer:
        stream = peer.open(request("FastLane"), b"".join(map(message_of, (b"a", b"b", b"grow"))), end=True)
        answer = await peer.answer(stream)
    assert answer.data == message_of(b"a") + message_of(b"b")
    assert answer.status == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]


class Transport:
    """A socket that takes everything."""

    def get_extra_info(self, name: str) -> None:
        return None

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        pass


async def test_a_fault_of_the_server_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch):
    """Otherwise other connections would release answers that no look has proved."""
    methods = Methods()
    connection = Connection(NativeFront(methods, Limits()))
    connection.connection_made(Transport())

    def fail(events: object) -> None:
        assert connection.held.is_open
        raise RuntimeError("a fault")

    monkeypatch.setattr(connection, "_react", fail)
    with pytest.raises(RuntimeError, match="a fault"):
        connection.data_received(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert not connection.held.is_open
