"""The card of an export: one JSON file that says what the weights beside it are. Needs no PyTorch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retouch.weights import check_hash


class Shard(BaseModel):
    """One safetensors file beside the card."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[^/\\]+\.safetensors$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class ExportCard(BaseModel):
    """What a set of trained weights is.

    Attributes:
        format: of the card; another number is not read.
        method: name of the method that the weights are for.
        variant: of the method.
        config: the method's own settings, as it validates them.
        networks: names of the networks in the files; keys there begin with "NAME/".
        averaged: those that are averages over time.
        dtype: "fp16" or "fp32".
        steps: training steps.
        images: images seen.
        data: what it was trained on, in words.
        licence: of the weights.
        date: of the export, ISO 8601.
        versions: of the programs used.
        shards: the files, in order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = 1
    method: str
    variant: str
    config: dict[str, Any]
    networks: tuple[str, ...]
    averaged: tuple[str, ...]
    dtype: str = Field(pattern="^fp(16|32)$")
    steps: int = Field(ge=0)
    images: int = Field(ge=0)
    data: str
    licence: str
    date: str
    versions: dict[str, str]
    shards: tuple[Shard, ...] = Field(min_length=1)


def read_card(path: str | os.PathLike[str]) -> ExportCard:
    """Read a card.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is no card, or of another format; the message names the field.
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"card: {file} does not exist; accepted: the .json file of an export")
    try:
        card = ExportCard.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ValueError(f"card: {file}: {where}: {first['msg']}; accepted: the .json file of an export") from error
    if card.format != 1:
        raise ValueError(f"card: {file} has format {card.format}; accepted: 1")
    return card


def shard_files(path: str | os.PathLike[str], card: ExportCard) -> list[Path]:
    """The files that the card at `path` names, checked against their SHA-256.

    Raises:
        FileNotFoundError: one is missing.
        ValueError: one has another content.
    """
    files = [Path(path).parent / shard.name for shard in card.shards]
    for file, shard in zip(files, card.shards, strict=True):
        if not file.is_file():
            raise FileNotFoundError(f"card: names {file}, which does not exist; accepted: all files beside the card")
        check_hash(file, shard.sha256)
    return files
