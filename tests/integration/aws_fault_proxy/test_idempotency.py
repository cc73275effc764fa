"""One token starts one set of tasks, also while the first call is still under way."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from tests.support.aws_fault_proxy.exchange import exchange
from tests.support.aws_fault_proxy.idempotency import RunTaskIdempotency
from tests.support.aws_fault_proxy.stale import History
from tests.support.aws_fault_proxy.upstream import Upstream
from tests.support.aws_fault_proxy.wire import Answer, AwsCall, error_answer, json_answer

CALL = AwsCall("ecs", "RunTask", "json", {"cluster": "c", "taskDefinition": "t", "clientToken": "x"})


class Described(Upstream):
    """An upstream that knows every task it is asked for."""

    def ecs(self, action: str, params: dict[str, object], scope: object) -> dict[str, object]:
        arns = params["tasks"]
        assert isinstance(arns, list)
        return {"tasks": [{"taskArn": arn} for arn in arns]}


def run(behaviour: RunTaskIdempotency, answers: list[Answer]) -> Answer:
    upstream = Described("http://127.0.0.1:1")

    def slow() -> Answer:
        time.sleep(0.2)
        return answers.pop(0)

    given = exchange(CALL, [], [behaviour], slow, History(upstream, recording=False))
    assert isinstance(given, Answer)
    return given


def test_a_repeat_waits_for_the_call_under_way_and_gets_its_tasks() -> None:
    behaviour = RunTaskIdempotency(Described("http://127.0.0.1:1"))
    answers = [json_answer({"tasks": [{"taskArn": "one"}]}), json_answer({"tasks": [{"taskArn": "two"}]})]
    with ThreadPoolExecutor() as pool:
        given = [pool.submit(run, behaviour, answers).result for _ in range(2)]
    bodies = {answer().json()["tasks"][0]["taskArn"] for answer in given}
    assert bodies == {"one"}
    assert len(answers) == 1


def test_a_token_is_free_again_when_its_call_failed() -> None:
    behaviour = RunTaskIdempotency(Described("http://127.0.0.1:1"))
    assert run(behaviour, [error_answer("json", "ServerException", "no", 500)]).status == 500
    done = threading.Event()
    again = ThreadPoolExecutor().submit(run, behaviour, [json_answer({"tasks": [{"taskArn": "one"}]})])
    again.add_done_callback(lambda _: done.set())
    assert done.wait(5)
    answer = again.result()
    assert answer.json()["tasks"] == [{"taskArn": "one"}]
