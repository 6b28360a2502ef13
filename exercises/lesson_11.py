"""The exercises of lesson 11: plan for more workers, share a batch, tell a worker who it is."""

import json
from collections.abc import Sequence

import numpy as np

from exercises.verdict import NotYet, call, require, verdict

IMAGES, EPOCHS, SHARE, BASE_RATE = 50_000, 5, 100, 0.05


@verdict
def check_1(plan_for: object) -> None:
    """Whether ``plan_for(workers)`` keeps the epochs and follows the linear rule.

    The base is one worker with batches of 100 and a peak of 0.05. The answer returns an
    ``LRScheduler`` with the policy ``linear`` and a warm-up of one epoch.
    """
    for workers in (1, 4, 10):
        plan = call(plan_for, workers, name="plan_for")
        names = ("iterations", "lr", "policy", "schedule", "update")
        require(
            not isinstance(plan, type) and all(hasattr(plan, each) for each in names),
            f"plan_for must return an LRScheduler(...), it returns {type(plan).__name__}.",
        )
        require(plan.policy == "linear", f"the policy must be 'linear', it is {plan.policy!r}.")
        require_steps(plan, workers)
        require_peak(plan, workers)
        require_warm_up(plan, workers)


def require_steps(plan: object, workers: int) -> None:
    """The run has as many epochs as before, in steps of all workers together."""
    wanted = EPOCHS * (IMAGES // (SHARE * workers))
    hints = {
        EPOCHS * IMAGES // SHARE: "a step now trains 100 images on each worker.",
        IMAGES // (SHARE * workers): "these are the steps of one epoch; the run has 5.",
        EPOCHS * IMAGES * workers // SHARE: "more workers need fewer steps for 5 epochs, not more.",
        EPOCHS
        * IMAGES: "250,000 images pass in 5 epochs; a step trains 100 of them on each worker.",
    }
    hint = hints.get(plan.iterations, f"5 epochs are {wanted} steps.")
    require(
        plan.iterations == wanted,
        f"with {counted(workers)} iterations must not be {plan.iterations}: {hint}",
    )


def require_peak(plan: object, workers: int) -> None:
    """The peak follows the linear rule."""
    wanted = BASE_RATE * workers
    hints = {
        BASE_RATE: "it does not depend on the number of workers.",
        BASE_RATE
        * workers**0.5: "that is the square-root rule; this exercise wants the linear one.",
        BASE_RATE / workers: "the rule multiplies, because the batch grows.",
        BASE_RATE * workers * SHARE: "the rule multiplies by the ratio of the batch sizes.",
    }
    hint = next((words for rate, words in hints.items() if np.isclose(plan.lr, rate)), "")
    require(
        np.isclose(plan.lr, wanted),
        f"with {counted(workers)} the peak must be {wanted:g}, it is {plan.lr:g}"
        + (f": {hint}" if hint else "."),
    )


def require_warm_up(plan: object, workers: int) -> None:
    """The warm-up is one epoch long, whatever the batch."""
    wanted = IMAGES // (SHARE * workers)
    try:
        rates = np.asarray(plan.schedule(np.arange(plan.iterations)), float)
    except Exception as error:
        raise NotYet(f"its schedule cannot be asked for rates: {error!s:.100}") from error
    reached = int(np.argmax(rates >= plan.lr * (1 - 1e-6))) + 1
    if reached == 1 and wanted > 1:
        raise NotYet(
            f"with {counted(workers)} there is no warm-up: the first {wanted} steps must climb. An "
            "int counts steps, a float is a fraction of the run."
        )
    hint = ""
    if reached == IMAGES // SHARE:
        hint = " One epoch has fewer steps when a step trains more images."
    elif reached == plan.iterations // 10:
        hint = " A tenth of the run is what LRScheduler takes when warm_up is not given."
    require(
        reached == wanted,
        f"with {counted(workers)} one epoch has {wanted} steps, but the peak is reached after "
        f"{reached}.{hint}",
    )


def counted(workers: int) -> str:
    """A number of workers in words."""
    return "1 worker" if workers == 1 else f"{workers} workers"


@verdict
def check_2(share_of: object) -> None:
    """Whether ``share_of(rows, worker, workers)`` deals every row to exactly one worker."""
    for size, workers in ((12, 3), (8, 2), (5, 1), (20, 4)):
        rows = np.random.default_rng(size).permutation(1000)[:size]
        case = f"{size} rows, {counted(workers)}: "
        shares = [
            rows_of(call(share_of, rows.copy(), n, workers, name="share_of"))
            for n in range(workers)
        ]
        require_known(case, shares, rows)
        sizes = [len(share) for share in shares]
        dealt = np.concatenate(shares)
        if workers > 1 and len({tuple(share) for share in shares}) == 1:
            raise NotYet(
                f"{case}all workers get the same {sizes[0]} rows. Use the worker's number."
            )
        twice = [int(row) for row in rows if np.sum(dealt == row) > 1]
        require(not twice, f"{case}row {twice[0] if twice else 0} is trained by several workers.")
        first_is_short = sizes[0] < size // workers and set(sizes[1:]) == {size // workers}
        require(
            not first_is_short,
            f"{case}worker 0 gets {sizes[0]} rows, the others {sizes[-1]}. Workers count from 0.",
        )
        require(
            len(set(sizes)) == 1,
            f"{case}the shares have {', '.join(map(str, sizes))} rows. They must be equal, or some "
            "images count more than others.",
        )
        left_out = [int(row) for row in rows if row not in dealt]
        require(not left_out, f"{case}{len(left_out)} rows are trained by nobody.")


def rows_of(share: object) -> np.ndarray:
    """A share as an array of whole numbers."""
    numbers = np.asarray(share)
    require(
        numbers.ndim == 1 and numbers.dtype.kind in "iu",
        f"share_of must return an array of row numbers, shape (rows,), got shape {numbers.shape} "
        f"of {numbers.dtype}.",
    )
    return numbers


def require_known(case: str, shares: Sequence[np.ndarray], rows: np.ndarray) -> None:
    """Only rows that were handed in may come out."""
    for share in shares:
        strange = [int(row) for row in share if row not in rows]
        if strange and max(strange) < len(rows):
            raise NotYet(
                f"{case}you return places in the batch, such as {strange[0]}; the rows are the "
                "numbers that stand there."
            )
        require(not strange, f"{case}row {strange[0] if strange else 0} is not in this batch.")


@verdict
def check_3(config_of: object) -> None:
    """Whether ``config_of(hosts, number)`` returns the text for ``TF_CONFIG``."""
    for hosts, number in ((["a:2000", "b:2000", "c:2000"], 2), (["x:1"], 0), (["p:1", "q:2"], 0)):
        text = call(config_of, list(hosts), number, name="config_of")
        if isinstance(text, dict):
            raise NotYet("you return a dict; an environment variable is a text: use json.dumps.")
        require(isinstance(text, str), f"you return {type(text).__name__} instead of a text.")
        try:
            config = json.loads(text)
        except ValueError:
            raise NotYet(why_no_json(text)) from None
        require(
            isinstance(config, dict) and {"cluster", "task"} <= set(config),
            f"the text must hold cluster and task, it holds {names_in(config)}.",
        )
        require_cluster(config["cluster"], hosts)
        require_task(config["task"], number)


def names_in(config: object) -> str:
    """The keys of a dict in words, or what else it is."""
    return (
        (", ".join(map(str, config)) or "nothing")
        if isinstance(config, dict)
        else f"{config!r:.40}"
    )


def why_no_json(text: str) -> str:
    """What is wrong with a text that is no JSON."""
    if "'" in text:
        return "JSON has double quotes: let json.dumps write the text, not str."
    return f"this is no JSON: {text!r:.60}"


def require_cluster(cluster: object, hosts: list[str]) -> None:
    """All hosts, in their order, under the name worker."""
    require(
        isinstance(cluster, dict) and "worker" in cluster,
        f"cluster must hold a list called worker, it holds {names_in(cluster)}.",
    )
    found = cluster["worker"]
    if isinstance(found, list) and sorted(map(str, found)) == sorted(hosts) and found != hosts:
        raise NotYet("the hosts must stand in the same order on every worker: as they come in.")
    require(found == hosts, f"cluster must list all hosts, {hosts}, it has {found!r:.60}.")


def require_task(task: object, number: int) -> None:
    """Which worker this is."""
    require(
        isinstance(task, dict) and {"type", "index"} <= set(task),
        f"task must hold type and index, it holds {names_in(task)}.",
    )
    require(task["type"] == "worker", f"type must be 'worker', it is {task['type']!r:.40}.")
    index = task["index"]
    if index == str(number):
        raise NotYet("index must be a number, yours is a text.")
    if index == number + 1:
        raise NotYet("workers are counted from 0.")
    require(
        index == number and not isinstance(index, bool),
        f"index must be {number}, the number that was handed in; it is {index!r:.40}.",
    )
