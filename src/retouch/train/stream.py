"""Are the samples of a run those of the run that it goes on with?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from retouch.data.training.settings import SampleSettings
from retouch.train.checkpoints import newest
from retouch.train.record import CONFIG

if TYPE_CHECKING:
    from pathlib import Path

    from retouch.train.settings import RunSettings


def check_samples(settings: RunSettings[Any]) -> None:
    """Compare with the config.json of the run in `train.out`, if one is there.

    A checkpoint knows a fingerprint only; here the setting gets its name. Photos are left to the fingerprint: folders
    may move.

    Raises:
        ValueError: a setting that makes samples is another.
    """
    out = settings.train.out
    if newest(out) is None:
        return
    then = _data_of(out / CONFIG)
    now = settings.data.samples.model_dump(mode="json", exclude={"objects"})
    for name, value in now.items():
        if name in then and then[name] != value:
            raise ValueError(
                f"data.{name}: is {json.dumps(value)}, the run in {out} has {json.dumps(then[name])}; "
                "accepted: that, or another out"
            )


def _data_of(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))["data"]
        return {name: found[name] for name in SampleSettings.model_fields if name in found}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
