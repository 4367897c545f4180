"""A run in memory, and the way between it and a checkpoint."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from retouch.train.checkpoints import Checkpoint, State
from retouch.train.ema import Averages
from retouch.train.log import Window
from retouch.train.optimiser_state import flatten_state, restore_state
from retouch.train.processes import parameter_digest
from retouch.train.schedules import set_rates
from retouch.train.stepper import Stepper

if TYPE_CHECKING:
    from torch import nn

    from retouch.train.config import TrainConfig
    from retouch.train.processes import Processes
    from retouch.train.recipe import Data, Recipe


@dataclass(frozen=True, eq=False)
class Run:
    """All that changes while a run goes on."""

    recipe: Recipe
    data: Data
    config: TrainConfig
    processes: Processes
    averages: Averages
    stepper: Stepper
    window: Window = field(default_factory=Window)


def prepare(recipe: Recipe, data: Data, config: TrainConfig, processes: Processes) -> Run:
    """Put the networks on the device and make averages and optimisers.

    All processes get the weights of the first one.

    Raises:
        ValueError: the recipe names an average that is no network, or its networks cannot save memory as asked.
    """
    networks = recipe.networks
    for network in networks.values():
        network.to(processes.device)
        processes.broadcast([*network.parameters(), *network.buffers()])
        if config.channels_last:
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    averages = Averages(networks, recipe.ema)
    optimisers = recipe.optimisers()
    set_rates(optimisers.values(), 1.0)
    if config.gradient_checkpointing:
        _save_memory(networks)
    if config.compile:
        # A compiled discriminator cannot be differentiated twice, which R1 asks for.
        for name in recipe.ema or networks:
            networks[name].compile()
    stepper = Stepper(recipe, optimisers, processes, precision=config.precision, clip=config.clip)
    return Run(recipe, data, config, processes, averages, stepper)


def capture(run: Run, step: int) -> Checkpoint:
    """Everything that an exact continuation after `step` steps needs.

    Raises:
        RuntimeError: processes have drifted apart.
    """
    digest = parameter_digest(run.recipe.networks.values())
    run.processes.check_same(digest, f"parameters after step {step}")
    flat = {name: flatten_state(optimiser) for name, optimiser in run.stepper.optimisers.items()}
    own = run.recipe.state_dict()
    tensors = {
        "networks": _named(run.recipe.networks),
        "ema": _named(run.averages.networks),
        "optimisers": {f"{name}/{key}": t for name, (moments, _) in flat.items() for key, t in moments.items()},
        "recipe": {key: value for key, value in own.items() if isinstance(value, Tensor)},
    }
    state = State(
        step=step,
        images=step * run.config.batch,
        seed=run.config.seed,
        batch=run.config.batch,
        data=run.data.fingerprint,
        config=run.config.model_dump(mode="json"),
        parameters=digest,
        window=dict(run.window.sums),
        optimisers={name: plain for name, (_, plain) in flat.items()},
        scalers={name: scaler.state_dict() for name, scaler in run.stepper.scalers.items()},
        recipe={key: value for key, value in own.items() if not isinstance(value, Tensor)},
        versions=versions(),
    )
    return Checkpoint(state, tensors)


def restore(run: Run, checkpoint: Checkpoint) -> None:
    """Continue where `capture` stood.

    Raises:
        ValueError: the checkpoint is of a run with another seed, batch or data, or of other networks.
    """
    state, tensors = checkpoint.state, checkpoint.tensors
    _check_stream(run, state)
    load_named(run.recipe.networks, tensors["networks"], "networks")
    load_named(run.averages.networks, tensors["ema"], "ema")
    digest = parameter_digest(run.recipe.networks.values())
    if digest != state.parameters:
        raise ValueError(f"checkpoint: its parameters have the SHA-256 {digest}; accepted: {state.parameters}")
    for name, optimiser in run.stepper.optimisers.items():
        restore_state(optimiser, below(tensors["optimisers"], name), state.optimisers.get(name, {}))
    for name, scaler in run.stepper.scalers.items():
        if name in state.scalers:  # absent where the run went on in another precision
            scaler.load_state_dict(dict(state.scalers[name]))
    device = run.processes.device
    run.recipe.load_state_dict({**state.recipe, **{k: t.to(device) for k, t in tensors["recipe"].items()}})
    run.window.sums.update(state.window)


def versions() -> dict[str, str]:
    """Versions of what a run's numbers depend on."""
    from retouch import __version__

    return {"retouch": __version__, **{name: importlib.metadata.version(name) for name in ("torch", "accelerate")}}


def below(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """Those under "NAME/", without it."""
    return {key.removeprefix(f"{name}/"): t for key, t in tensors.items() if key.startswith(f"{name}/")}


def load_named(networks: Mapping[str, nn.Module], tensors: Mapping[str, Tensor], what: str) -> None:
    """Copy tensors named "NETWORK/KEY" into the networks.

    Raises:
        ValueError: another set of networks, keys or shapes.
    """
    given = {key.partition("/")[0] for key in tensors}
    if given != set(networks):
        names = f"{', '.join(sorted(given)) or 'none'}; accepted: {', '.join(sorted(networks)) or 'none'}"
        raise ValueError(f"{what}: the file has {names}")
    for name, network in networks.items():
        try:
            network.load_state_dict(below(tensors, name))
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:300]
            raise ValueError(f"{what}: {name!r} has other weights than the recipe's network: {reason}") from error


def _named(networks: Mapping[str, nn.Module]) -> dict[str, Tensor]:
    return {f"{name}/{key}": t for name, network in networks.items() for key, t in network.state_dict().items()}


def _check_stream(run: Run, state: State) -> None:
    pairs = {
        "seed": (state.seed, run.config.seed),
        "batch": (state.batch, run.config.batch),
        "data": (state.data, run.data.fingerprint),
    }
    for name, (then, now) in pairs.items():
        if then != now:
            raise ValueError(
                f"{name}: is {now}, the run in {run.config.out} has {then}; accepted: that, or another out"
            )


def _save_memory(networks: Mapping[str, Any]) -> None:
    able = [n for n in networks.values() if hasattr(n, "enable_gradient_checkpointing")]
    if not able:
        names = ", ".join(networks)
        raise ValueError(f"gradient_checkpointing: is on, but none of {names} offers it; accepted: off")
    for network in able:
        network.enable_gradient_checkpointing()
