"""`enose image`: weight images as files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from enose.cli.output import print_fields, print_json
from enose.cli.parameters import Json

if TYPE_CHECKING:
    from enose_contract.image import Image


def show(image: Annotated[Path, Parameter(help="a weight image")], *, json: Json = False) -> None:
    """Show what a weight image was made for, its sensors and classes, and its pages where it has several.

    Example: `enose image show gases.img --json`
    """
    from enose.image import read_image
    from enose_contract.image import FORMAT, PAGED

    raw, content = read_image(image)
    pages = [
        {
            "classes": [content.classes[k] for k in classes if k < len(content.classes)],
            "positions": places_of(content, places),
        }
        for places, classes in content.pages
    ]
    result: dict[str, Any] = {
        "image": str(image),
        "bytes": len(raw),
        "format": PAGED if content.pages else FORMAT,
        "chip": content.chip,
        "board": content.board,
        "model": content.model.hex(),
        "sensor_set": content.sensor_set.hex(),
        "calibration": content.calibration.hex(),
        "classes": [name for name in content.classes if name],
        "positions": content.channels,
        "weights": len(content.weights),
        "pages": pages,
    }
    if json:
        print_json(result)
        return
    result |= {
        "classes": ", ".join(name for name in content.classes if name),
        "positions": _listed(content.channels),
        "pages": len(pages) or "none, one network",
    }
    for k, (places, classes) in enumerate(content.pages, 1):
        names = ", ".join(content.classes[band] for band in classes if band < len(content.classes))
        result[f"page {k}"] = f"{names}: positions {_listed(places_of(content, places))}"
    print_fields(str(image), result)


def _listed(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def places_of(content: "Image", places: bytes) -> list[int]:
    """The sensor positions of a page's inputs."""
    return [content.channels[place] for place in places]


def steady(
    image: Annotated[Path, Parameter(help="a weight image")],
    out: Annotated[Path, Parameter(help="the file to write")],
    *,
    guard_mv: Annotated[float | None, Parameter(help="abstain nearer than this to another answer")] = None,
    hysteresis_mv: Annotated[float | None, Parameter(help="how far ahead another answer has to be")] = None,
    measurements: Annotated[int | None, Parameter(help="answer from so many measurements in a row")] = None,
    combine: Annotated[Literal["mean", "votes"] | None, Parameter(help="how they are put together")] = None,
    drift_percent: Annotated[float | None, Parameter(help="flag a sensor whose R0 is further off, 0: never")] = None,
    json: Json = False,
) -> None:
    """Write a weight image with other rules for its answers; what is not named stays as it is.

    Example: `enose image steady fruit.img calm.img --hysteresis-mv 5 --measurements 3 --combine votes`
    """
    from enose.image import ImageFileError, check_writable, read_image, write_whole
    from enose_contract.image import COMBINE_MEAN, COMBINE_VOTES, ImageError
    from enose_contract.messages import ERRORS

    _, content = read_image(image)
    check_writable(out)
    named = {
        "guard_uv": (guard_mv, 1e3),
        "hysteresis_uv": (hysteresis_mv, 1e3),
        "drift_limit_ppm": (drift_percent, 1e4),
    }
    for field, (value, scale) in named.items():
        if value is not None:
            if not abs(value) < 1e6:
                raise ImageFileError(f"{image}: {field} of {value:g}, expected a number within its limits")
            setattr(content, field, round(value * scale))
    if measurements is not None:
        content.measurements = measurements
    if combine is not None:
        content.combine = COMBINE_VOTES if combine == "votes" else COMBINE_MEAN
    try:
        write_whole(out, content.pack())
    except ImageError as error:
        reason = ERRORS[error.code].format(value=error.value, limit=error.limit)
        raise ImageFileError(f"{image}: {reason}") from error
    result = {
        "image": str(out),
        "guard_mv": content.guard_uv * 1e-3,
        "hysteresis_mv": content.hysteresis_uv * 1e-3,
        "measurements": content.measurements,
        "combine": "votes" if content.combine == COMBINE_VOTES else "mean",
        "drift_limit_percent": content.drift_limit_ppm * 1e-4,
    }
    if json:
        print_json(result)
    else:
        print_fields(f"wrote {out}", result)
