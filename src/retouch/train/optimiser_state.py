"""An optimiser's state as named tensors and plain values, so that it is stored without pickles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from torch import Tensor

if TYPE_CHECKING:
    from torch.optim import Optimizer

    Plain = float | int | bool | str | None


def flatten_state(optimiser: Optimizer) -> tuple[dict[str, Tensor], dict[str, Plain]]:
    """State under keys "INDEX/NAME" ("0/exp_avg"): the tensors, and the plain values.

    Settings such as learning rates are not in it: those are the recipe's, and may change over a restart.

    Raises:
        ValueError: the optimiser keeps something else than tensors, numbers, words and None.
    """
    tensors: dict[str, Tensor] = {}
    plain: dict[str, Plain] = {}
    for index, entries in optimiser.state_dict()["state"].items():
        for name, value in entries.items():
            key = f"{index}/{name}"
            if isinstance(value, Tensor):
                tensors[key] = value
            elif value is None or isinstance(value, (int, float, str)):
                plain[key] = value
            else:
                kind = f"{type(optimiser).__name__} keeps a {type(value).__name__} as {name!r}"
                raise ValueError(f"optimiser: {kind}; accepted: tensors, numbers, words and None")
    return tensors, plain


def restore_state(optimiser: Optimizer, tensors: Mapping[str, Tensor], plain: Mapping[str, Plain]) -> None:
    """Put back what `flatten_state` gave.

    Raises:
        ValueError: it belongs to other parameters: an index is out of range, or a moment has another shape.
    """
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    state: dict[int, dict[str, Any]] = {}
    for key, value in {**tensors, **plain}.items():
        index, _, name = key.partition("/")
        if int(index) >= len(parameters):
            raise ValueError(f"optimiser: state of parameter {index} given; accepted: {len(parameters)} parameters")
        parameter = parameters[int(index)]
        if isinstance(value, Tensor) and name.startswith(("exp_avg", "momentum")) and value.shape != parameter.shape:
            shapes = f"{list(value.shape)}; accepted: {list(parameter.shape)}"
            raise ValueError(f"optimiser: {name!r} of parameter {index} has shape {shapes}")
        state.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
