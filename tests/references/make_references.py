"""Write the learning rates of optax and PyTorch that the tests of helpers/schedules.py compare with.

Neither library is a dependency of this project, so their numbers are stored once. To make them
again, in an environment of their own:

    python -m venv peers
    peers/bin/pip install torch==2.13.0 jax==0.10.2 optax==0.2.8
    peers/bin/python tests/references/make_references.py

optax runs in float64 here, and PyTorch's schedulers always do. Each case stores the call, its
settings and the rate at steps 0, 1, 2, ... in order.
"""

import json
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import jax
import jax.numpy as jnp
import optax
import torch

jax.config.update("jax_enable_x64", True)

FOLDER = Path(__file__).resolve().parent

ONE_CYCLES = [
    {"peak": 0.1, "steps": 250, "pct_start": 0.3, "div_factor": 25.0, "final_div_factor": 1e4},
    {"peak": 0.01, "steps": 120, "pct_start": 0.25, "div_factor": 10.0, "final_div_factor": 100.0},
    {"peak": 1.0, "steps": 10, "pct_start": 0.5, "div_factor": 2.0, "final_div_factor": 1.0},
]
WARM_RESTARTS = [
    {"rate": 0.1, "first_cycle": 40, "factor": 2, "minimum": 0.0, "steps": 280},
    {"rate": 0.05, "first_cycle": 25, "factor": 1, "minimum": 0.001, "steps": 100},
    {"rate": 0.2, "first_cycle": 10, "factor": 3, "minimum": 0.01, "steps": 130},
]


def optax_case(name: str, call: str, settings: dict, schedule: optax.Schedule, steps: int) -> dict:
    rates = jax.vmap(schedule)(jnp.arange(steps))
    return {"name": name, "call": call, "settings": settings, "rates": rates.tolist()}


def optax_cases() -> list[dict]:
    cases = [
        optax_case(
            "one-cycle",
            "cosine_onecycle_schedule",
            settings,
            optax.cosine_onecycle_schedule(
                settings["steps"],
                settings["peak"],
                settings["pct_start"],
                settings["div_factor"],
                settings["final_div_factor"],
            ),
            settings["steps"] + 10,
        )
        for settings in ONE_CYCLES
    ]
    linear = {"init_value": 0.3, "end_value": 0.02, "transition_steps": 70}
    cases.append(
        optax_case("linear", "linear_schedule", linear, optax.linear_schedule(**linear), 80)
    )
    warm_up = {"init_value": 0.0, "peak_value": 0.1, "warmup_steps": 20, "decay_steps": 100}
    cases.append(
        optax_case(
            "warm-up cosine",
            "warmup_cosine_decay_schedule",
            warm_up,
            optax.warmup_cosine_decay_schedule(**warm_up),
            110,
        )
    )
    shifted = {"peak_value": 0.1, "warmup_steps": 20, "decay_steps": 80}
    cases.append(
        optax_case(
            "warm-up from 1/n",
            "join_schedules of linear_schedule(peak / n, peak, n - 1) and cosine_decay_schedule",
            shifted,
            optax.join_schedules(
                [
                    optax.linear_schedule(0.1 / 20, 0.1, 19),
                    optax.cosine_decay_schedule(0.1, 80),
                ],
                [20],
            ),
            110,
        )
    )
    cycles = [
        {"init_value": 0.01, "peak_value": 0.1, "warmup_steps": 5, "decay_steps": 30},
        {"init_value": 0.0, "peak_value": 0.08, "warmup_steps": 10, "decay_steps": 60},
        {"init_value": 0.02, "peak_value": 0.05, "warmup_steps": 8, "decay_steps": 120},
    ]
    cycles = [{**cycle, "end_value": 0.001} for cycle in cycles]
    cases.append(
        optax_case("sgdr", "sgdr_schedule", {"cycles": cycles}, optax.sgdr_schedule(cycles), 220)
    )
    joined = {
        "constant": 0.1,
        "cosine": 0.1,
        "cosine_steps": 50,
        "linear": 0.02,
        "linear_steps": 30,
    }
    cases.append(
        optax_case(
            "joined",
            "join_schedules of constant_schedule, cosine_decay_schedule and linear_schedule",
            {**joined, "boundaries": [25, 75]},
            optax.join_schedules(
                [
                    optax.constant_schedule(0.1),
                    optax.cosine_decay_schedule(0.1, 50),
                    optax.linear_schedule(0.02, 0.0, 30),
                ],
                [25, 75],
            ),
            120,
        )
    )
    return cases


def torch_rates(
    make_scheduler: Callable[[torch.optim.Optimizer], object], rate: float, steps: int
) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    scheduler = make_scheduler(optimizer)
    rates = []
    for step in range(steps):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if step < steps - 1:
            scheduler.step()
    return rates


def torch_cases() -> list[dict]:
    schedulers = torch.optim.lr_scheduler
    one_cycles = [
        {
            "name": "one-cycle",
            "call": "OneCycleLR",
            "settings": settings,
            "rates": torch_rates(
                lambda optimizer, settings=settings: schedulers.OneCycleLR(
                    optimizer,
                    max_lr=settings["peak"],
                    total_steps=settings["steps"],
                    pct_start=settings["pct_start"],
                    div_factor=settings["div_factor"],
                    final_div_factor=settings["final_div_factor"],
                    cycle_momentum=False,
                ),
                settings["peak"],
                settings["steps"],
            ),
        }
        for settings in ONE_CYCLES
    ]
    restarts = [
        {
            "name": "warm restarts",
            "call": "CosineAnnealingWarmRestarts",
            "settings": settings,
            "rates": torch_rates(
                lambda optimizer, settings=settings: schedulers.CosineAnnealingWarmRestarts(
                    optimizer,
                    T_0=settings["first_cycle"],
                    T_mult=settings["factor"],
                    eta_min=settings["minimum"],
                ),
                settings["rate"],
                settings["steps"],
            ),
        }
        for settings in WARM_RESTARTS
    ]
    return one_cycles + restarts


def write(library: str, packages: list[str], cases: list[dict]) -> None:
    content = {
        "made_by": "tests/references/make_references.py",
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in packages},
        },
        "precision": "float64",
        "cases": cases,
    }
    path = FOLDER / f"{library}.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(path.name, [(case["name"], len(case["rates"])) for case in cases])


if __name__ == "__main__":
    write("optax", ["optax", "jax", "jaxlib"], optax_cases())
    write("torch", ["torch"], torch_cases())
