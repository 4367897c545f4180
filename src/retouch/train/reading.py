"""From a file and `a.b=c` words to the settings of a run."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from pydantic import BaseModel, ValidationError

from retouch.catalogue import nearest
from retouch.train.settings import RunSettings

if TYPE_CHECKING:
    from retouch.train.catalogue import Trainable

_OPTIONS = {"train.out": "--out DIR", "train.steps": "--steps N", "data.photos": "--data DIR"}


def read_settings(
    method: Trainable, file: Path | None = None, words: Sequence[str] = (), given: Mapping[str, Any] | None = None
) -> RunSettings[Any]:
    """Put the settings together: the variant's, then the file's, then `words`, then `given`; later ones win.

    A variant also has defaults of `train` and `data`, such as the paper's steps and batch (`Trainable.defaults`).

    Args:
        method: what is trained.
        file: TOML or JSON with the tables of `RunSettings`, such as the config.json of an earlier run.
        words: "train.batch=8" and the like; null means none, lists and tables are written as in JSON.
        given: values by dotted key, as from options of their own.

    Raises:
        FileNotFoundError, OSError: the file is missing or unreadable.
        ValueError: a file that is neither, an unknown key (the message suggests the nearest), a value that is not
            accepted, or a key that is needed and missing.
    """
    document: dict[str, Any] = {} if file is None else read_file(file)
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or not key.strip():
            raise ValueError(f"--set: is {word!r}; accepted: key=value, such as train.batch=8")
        _put(document, key.strip(), parse_value(text.strip()))
    for key, value in (given or {}).items():
        _put(document, key, value)
    if document.setdefault("name", method.name) != method.name:
        raise ValueError(f"name: the settings are for {document['name']!r}; accepted: {method.name!r}")
    configs = method.configs()
    variant = document.setdefault("variant", next(iter(configs)))
    if variant not in configs:
        raise ValueError(
            f"variant: is {variant!r}{nearest(str(variant), list(configs))}; accepted: {', '.join(configs)}"
        )
    base = configs[variant]
    kind = cast("type[RunSettings[Any]]", RunSettings.__class_getitem__(type(base)))
    own = document.get("method", {})
    if isinstance(own, dict):
        document["method"] = _over(base.model_dump(), own)
    _add_defaults(document, method, base)
    for table in ("train", "data"):
        document.setdefault(table, {})  # what is missing is then named key by key
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise ValueError(explain(error, kind)) from None


def read_file(file: Path) -> dict[str, Any]:
    """The content of a TOML or JSON file; errors as `read_settings`."""
    if not file.is_file():
        raise FileNotFoundError(f"config: {file} does not exist; accepted: a .toml or .json file")
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix.lower() == ".toml":
            return tomllib.loads(text)
        if file.suffix.lower() == ".json":
            found = json.loads(text)
            if isinstance(found, dict):
                return found
            raise ValueError("the file is no table")
    except ValueError as error:  # of TOML, JSON and UTF-8
        raise ValueError(f"config: {file} cannot be read: {error}") from None
    raise ValueError(f"config: is {file.name!r}; accepted: a name that ends in .toml or .json")


def parse_value(text: str) -> Any:
    """A word's value: null is None, what begins like a list, table or quoted text is JSON; all else stays text.

    Numbers and true or false stay text too: the setting that they are for knows what it takes.
    """
    if text == "null":
        return None
    if text[:1] not in ("[", "{", '"'):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"--set: {text!r} is no JSON: {error}") from None


def explain(error: ValidationError, kind: type[BaseModel]) -> str:
    """One line that names the key, what was given and what is accepted: of the first failure, unknown keys first."""
    found = {".".join(map(str, each["loc"])): each for each in error.errors()}
    unknown = [key for key, each in found.items() if each["type"] == "extra_forbidden"]
    if unknown:
        key = unknown[0]
        table = key.rpartition(".")[0]
        known = list(keys_of(kind))
        accepted = ", ".join(name for inside, _, name in (each.rpartition(".") for each in known) if inside == table)
        return f"{key}: is no setting{_nearest_key(key, known)}; accepted here: {accepted}"
    missing = [key for key, each in found.items() if each["type"] == "missing"]
    if missing:
        return f"{', '.join(missing)}: needed; accepted: {', '.join(map(_how_to_set, missing))}, or the same in a file"
    key, first = next(iter(found.items()))
    message = first["msg"].removeprefix("Value error, ")
    given = "" if isinstance(first["input"], dict) else f"; given: {first['input']!r}"
    return f"{key}: {message}{given}" if key else f"{message}{given}"


def _how_to_set(key: str) -> str:
    return _OPTIONS.get(key, f"--set {key}=...")


def keys_of(kind: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """All dotted keys of a model and of the models in it."""
    for name, field in kind.model_fields.items():
        yield prefix + name
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from keys_of(inner, f"{prefix}{name}.")


def _nearest_key(key: str, known: list[str]) -> str:
    """Suggests a key: the same name elsewhere, else one that is spelt nearly so."""
    name = key.rpartition(".")[2]
    same = [each for each in known if each.rpartition(".")[2] == name]
    close = same or difflib.get_close_matches(key, known, n=1, cutoff=0.7)
    if not close:
        by_name = {each.rpartition(".")[2]: each for each in reversed(known)}
        close = [by_name[each] for each in difflib.get_close_matches(name, by_name, n=1, cutoff=0.6)]
    return f"; did you mean {close[0]!r}?" if close else ""


def _put(document: dict[str, Any], key: str, value: Any) -> None:
    *tables, name = key.split(".")
    inner = document
    for k, table in enumerate(tables):
        found = inner.setdefault(table, {})
        if not isinstance(found, dict):
            raise ValueError(f"{key}: {'.'.join(tables[: k + 1])} is {found!r}, no table")
        inner = found
    inner[name] = value


def _add_defaults(document: dict[str, Any], method: Trainable, base: BaseModel) -> None:
    """Put the run defaults of the config where nothing was given."""
    try:
        config = type(base).model_validate(document.get("method"))
    except ValidationError:  # is told with its full key when the whole document is read
        config = base
    defaults = dict(method.run_defaults(config))
    if _given(document, "data.holes"):
        defaults.pop("data.curriculum", None)  # it belongs to the default holes
    for key, value in defaults.items():
        if not _given(document, key):
            _put(document, key, value)


def _given(document: Mapping[str, Any], key: str) -> bool:
    inner: Any = document
    for name in key.split("."):
        if not isinstance(inner, Mapping):
            return True  # something that is no table stands there; that is refused later
        if name not in inner:
            return False
        inner = inner[name]
    return True


def _over(base: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `changes`; tables are merged."""
    out = dict(base)
    for key, value in changes.items():
        old = out.get(key)
        out[key] = _over(old, value) if isinstance(old, dict) and isinstance(value, Mapping) else value
    return out
