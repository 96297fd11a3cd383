"""TOML files that are checked when they are read: board and chip files.

A wrong key, type or value is one line that names file, line, key and what was expected (`BoardError`).
"""

import difflib
import re
import tomllib
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Meta

Positive = Annotated[float, Meta(gt=0, le=1e6)]  # bounded, for TOML has inf and nan
Celsius = Annotated[float, Meta(ge=-273.15, le=1000)]
Name = Annotated[str, Meta(pattern="^[!-~]{1,16}$")]  # what fits into a message and a weight image
Count = Annotated[int, Meta(ge=1)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a TOML file; a key that it does not know is an error."""


class BoardError(ValueError):
    """A board or chip file that cannot be used: one line with file, line, key and what was expected."""


File = TypeVar("File", bound=Section)


def load(path: Path, kind: type[File]) -> File:
    """The file at path as this kind of section. Raises BoardError."""
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BoardError(f"{path}: cannot be read as a text file ({error})") from error
    try:
        return msgspec.convert(tomllib.loads(source), kind)
    except tomllib.TOMLDecodeError as error:
        raise BoardError(f"{path}: not TOML ({error})") from error
    except msgspec.ValidationError as error:
        raise BoardError(_locate(path, source, str(error), kind)) from error


def _locate(path: Path, source: str, message: str, kind: type[Section]) -> str:
    """The message of msgspec with the file, the line and what is known: the nearest key, the allowed values."""
    where = re.search(r" - at `\$\.?([^`]*)`", message)
    sections = [part for part in re.split(r"\.|\[[\d.]*\]", where.group(1)) if part] if where else []
    text = message[: where.start()] if where else message
    unknown = re.search(r"unknown field `([^`]+)`", text)
    key = unknown.group(1) if unknown else (sections.pop() if sections else "")
    line = line_of(source, sections, key, _index(where.group(1)) if where else 0)
    if unknown:
        known = [field.name for field in msgspec.structs.fields(_type_at(kind, sections))]
        near = difflib.get_close_matches(key, known, 1)
        text = "unknown key" + (f", did you mean '{near[0]}'?" if near else f"; known: {', '.join(known)}")
    elif text.startswith("Invalid enum value "):
        allowed = ", ".join(str(value) for value in get_args(_type_at(kind, [*sections, key])))
        text = f"{text.removeprefix('Invalid enum value ')} is not one of: {allowed}"
    name = ".".join([*sections, key]) if key else "file"
    return f"{path}:{line}: {name}: {text[0].lower() + text[1:]}"


def _index(place: str) -> int:
    """Which of several sections of a name a place of msgspec's is in, as 2 of `power.loads[2].when`."""
    found = re.search(r"\[(\d+)\]", place)
    return int(found.group(1)) if found else 0


def _type_at(kind: Any, keys: list[str]) -> Any:
    """The declared type of a key, from the outermost section inwards."""
    for key in keys:
        kind = next(field.type for field in msgspec.structs.fields(kind) if field.name == key)
        # of a section that may be missing: `Display | None`, and of one that may be there several times
        while get_origin(kind) in (Annotated, UnionType, Union, tuple):
            kind = get_args(kind)[0]
    return kind


def line_of(source: str, sections: list[str], key: str, index: int = 0) -> int:
    """The line of a key in a TOML source; that of its section, or the first, where the key is not there.

    A key may be a section of its own. index: of sections that are there several times, [[name]], which one, from 0 on.
    """
    section, own = ".".join(sections), ".".join([*sections, key])
    inside = not sections
    section_line = 1
    seen = dict.fromkeys((section, own), 0)
    for number, line in enumerate(source.splitlines(), 1):
        header = re.match(r"\s*\[(\[?)\s*([^\[\]]*?)\s*\]", line)
        if header:
            name = re.sub(r"\s*\.\s*", ".", header.group(2))
            meant = name in seen and (not header.group(1) or seen[name] == index)
            if name in seen:
                seen[name] += 1
            if meant and name == own:
                return number
            inside = meant
            section_line = number if inside else section_line
        elif inside and re.match(rf"\s*{re.escape(key)}\s*=", line):
            return number
    return section_line
