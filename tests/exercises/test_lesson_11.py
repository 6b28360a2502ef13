"""The checks of lesson 11 accept right answers and say what is wrong with plausible wrong ones."""

import json

import numpy as np
import pytest
from verdicts import assert_correct, assert_not_yet

from exercises.lesson_11 import check_1, check_2, check_3
from helpers.lr_scheduler import LRScheduler


def plan_of(steps=None, lr=None, policy="linear", warm_up=None):
    """An answer to exercise 1 that is right but for what is handed in, as functions of workers."""

    def plan_for(workers):
        per_epoch = 500 // workers
        return LRScheduler(
            steps(workers) if steps else 5 * per_epoch,
            lr(workers) if lr else 0.05 * workers,
            policy,
            warm_up(workers) if warm_up else per_epoch,
        )

    return plan_for


@pytest.mark.parametrize("warm_up", [None, lambda workers: 0.2])
def test_a_plan_for_more_workers(warm_up, capsys):
    assert_correct(check_1, plan_of(warm_up=warm_up), capsys)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "pass plan_for itself to the check"),
        (lambda workers: None, "plan_for returns nothing yet"),
        (lambda workers: ..., "plan_for returns nothing yet"),
        (lambda workers: LRScheduler, "it returns type"),
        (lambda workers: 0.05 * workers, "it returns float"),
        (lambda workers: plan_of()(workers).schedule, "must return an LRScheduler(...)"),
        (lambda workers: 1 / 0, "plan_for raises ZeroDivisionError"),
        (plan_of(policy="onecycle"), "the policy must be 'linear', it is 'onecycle'"),
        (
            plan_of(steps=lambda workers: 2500),
            "with 4 workers iterations must not be 2500: a step now trains 100 images on each",
        ),
        (
            plan_of(steps=lambda workers: 500 // workers, warm_up=lambda workers: 1.0),
            "with 1 worker iterations must not be 500: these are the steps of one epoch",
        ),
        (plan_of(steps=lambda workers: 2500 * workers), "need fewer steps for 5 epochs, not more"),
        (plan_of(steps=lambda workers: 250_000), "250,000 images pass"),
        (plan_of(steps=lambda workers: 2500 // workers + 1), "5 epochs are 2500 steps"),
        (
            plan_of(lr=lambda workers: 0.05),
            "with 4 workers the peak must be 0.2, it is 0.05: it does not depend on the number",
        ),
        (plan_of(lr=lambda workers: 0.05 * workers**0.5), "that is the square-root rule"),
        (plan_of(lr=lambda workers: 0.05 / workers), "the rule multiplies, because"),
        (plan_of(lr=lambda workers: 5 * workers), "by the ratio of the batch sizes"),
        (plan_of(lr=lambda workers: 0.1 * workers), "must be 0.05, it is 0.1."),
        (plan_of(warm_up=lambda workers: 0), "with 1 worker there is no warm-up"),
        (plan_of(warm_up=lambda workers: 1), "with 1 worker there is no warm-up: the first 500"),
        (
            plan_of(warm_up=lambda workers: 500),
            "with 4 workers one epoch has 125 steps, but the peak is reached after 500. One epoch",
        ),
        (plan_of(warm_up=lambda workers: 0.1), "after 250. A tenth of the run"),
        (plan_of(warm_up=lambda workers: 0.5), "but the peak is reached after 1250."),
    ],
)
def test_a_plan_that_is_wrong(answer, words, capsys):
    assert_not_yet(check_1, answer, words, capsys)


@pytest.mark.parametrize(
    "answer",
    [
        lambda rows, worker, workers: np.reshape(rows, (workers, -1))[worker],
        lambda rows, worker, workers: rows[worker::workers],
        lambda rows, worker, workers: np.split(rows, workers)[worker].tolist(),
        lambda rows, worker, workers: np.sort(rows)[::-1][worker::workers],
    ],
)
def test_a_share(answer, capsys):
    assert_correct(check_2, answer, capsys)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "pass share_of itself"),
        (lambda rows, worker, workers: None, "share_of returns nothing yet"),
        (lambda rows, worker: rows, "share_of raises TypeError"),
        (lambda rows, worker, workers: rows, "all workers get the same 12 rows"),
        (
            lambda rows, worker, workers: rows[: len(rows) // workers],
            "12 rows, 3 workers: all workers get the same 4 rows",
        ),
        (lambda rows, worker, workers: rows[worker:], "is trained by several workers"),
        (
            lambda rows, worker, workers: np.arange(len(rows))[worker::workers],
            "you return places in the batch, such as",
        ),
        (lambda rows, worker, workers: rows[worker::workers] + 5000, "is not in this batch"),
        (
            lambda rows, worker, workers: rows[worker * 2 : worker * 2 + 2],
            "12 rows, 3 workers: 6 rows are trained by nobody",
        ),
        (
            lambda rows, worker, workers: np.array_split(rows, [1, 5, 12])[worker],
            "the shares have 1, 4, 7 rows",
        ),
        (
            lambda rows, worker, workers: rows[(worker - 1) * 4 : worker * 4],
            "12 rows, 3 workers: worker 0 gets 0 rows, the others 4. Workers count from 0.",
        ),
        (lambda rows, worker, workers: np.reshape(rows, (workers, -1)), "got shape (3, 4)"),
        (lambda rows, worker, workers: rows[worker], "got shape () of int64"),
        (lambda rows, worker, workers: rows[worker::workers] / 1, "of float64"),
    ],
)
def test_a_share_that_is_wrong(answer, words, capsys):
    assert_not_yet(check_2, answer, words, capsys)


def config_of(hosts, number):
    task = {"type": "worker", "index": number}
    return json.dumps({"cluster": {"worker": hosts}, "task": task})


def changed(change):
    """The right answer with something changed in it."""

    def answer(hosts, number):
        config = json.loads(config_of(hosts, number))
        change(config)
        return json.dumps(config)

    return answer


def test_a_config(capsys):
    assert_correct(check_3, config_of, capsys)
    from helpers.multi_worker import tf_config

    assert_correct(check_3, tf_config, capsys)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "pass config_of itself"),
        (lambda hosts, number: None, "config_of returns nothing yet"),
        (lambda hosts, number: json.loads(config_of(hosts, number)), "use json.dumps"),
        (lambda hosts, number: hosts, "you return list instead of a text"),
        (lambda hosts, number: str(json.loads(config_of(hosts, number))), "double quotes"),
        (lambda hosts, number: "worker " + hosts[0], "this is no JSON: 'worker a:2000'"),
        (lambda hosts, number: json.dumps(hosts), "it holds ['a:2000'"),
        (changed(lambda config: config.pop("task")), "cluster and task, it holds cluster"),
        (
            changed(lambda config: config.update(cluster={"workers": []})),
            "a list called worker, it holds workers",
        ),
        (changed(lambda config: config["cluster"]["worker"].reverse()), "in the same order"),
        (changed(lambda config: config["cluster"]["worker"].pop()), "cluster must list all hosts"),
        (changed(lambda config: config["task"].pop("type")), "type and index, it holds index"),
        (changed(lambda config: config["task"].update(type="chief")), "it is 'chief'"),
        (
            changed(lambda config: config["task"].update(index=str(config["task"]["index"]))),
            "index must be a number",
        ),
        (
            changed(lambda config: config["task"].update(index=config["task"]["index"] + 1)),
            "counted from 0",
        ),
        (changed(lambda config: config["task"].update(index=0)), "index must be 2"),
    ],
)
def test_a_config_that_is_wrong(answer, words, capsys):
    assert_not_yet(check_3, answer, words, capsys)
