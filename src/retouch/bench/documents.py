"""Reading a JSON document that a command of the benchmark wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from pathlib import Path

Document = TypeVar("Document", bound=BaseModel)


def read_document(kind: type[Document], file: Path, argument: str, accepted: str) -> Document:
    """The document of `kind` in `file`, which `argument` names; `accepted` says what wrote such files.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not such a document; the message names file and place in it.
    """
    if not file.is_file():
        raise FileNotFoundError(f"{argument}: there is no file {str(file)!r}; accepted: {accepted}")
    try:
        return kind.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its start"
        raise ValueError(
            f"{argument}: {str(file)!r} is damaged or something else: {first['msg']} at {where}; accepted: {accepted}"
        ) from None
