"""`enose device schedule|fit|key`: what a device is told once, and keeps."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from enose.cli.device import BadOption, _opened, _show
from enose.cli.parameters import DeviceAddress, Json

MOST_HOURS = 100_000  # eleven years of heating
MOST_LEAK_MV_PER_S = 1000


def schedule(
    interval: Annotated[
        str, Parameter(help="seconds between measurements, 0 for none, or `board` for what its file says")
    ],
    *,
    device: DeviceAddress = "auto",
    json: Json = False,
) -> None:
    """Have a device measure by itself every so many seconds, from now on and after each start; it sleeps in between.

    Examples: `enose device schedule 900 --device /dev/ttyACM0`, `enose device schedule board --device sim:pico-mlp`
    """
    if interval != "board" and not (interval.isascii() and interval.isdigit() and len(interval) < 10):
        raise BadOption(f"interval '{interval}': expected whole seconds, 0 for none, or `board`")
    with _opened(device) as opened:
        told = opened.schedule(None if interval == "board" else int(interval))
        result = {"device": device, "simulated": opened.simulated, **told}
    _show(f"device at {device}", result, json)


def fit(
    *,
    device: DeviceAddress = "auto",
    image: Annotated[Path | None, Parameter(help="take both from this weight image")] = None,
    sensor_set: Annotated[
        str | None, Parameter(help="the mounted sensor set: 16 hexadecimal digits, 0 for any")
    ] = None,
    calibration: Annotated[
        str | None, Parameter(help="the chip's calibration: 16 hexadecimal digits, 0 for any")
    ] = None,
    heated: Annotated[
        float | None, Parameter(help="hours that these sensors have been heated before, 0 for new ones")
    ] = None,
    leak: Annotated[
        float | None,
        Parameter(help="what the worst weight leaks in mV/s, as measured, at the chip file's temperature; 0: as there"),
    ] = None,
    json: Json = False,
) -> None:
    """Tell a device which sensors are mounted and which calibration holds; images for others are refused from then on.

    The refresh goes by --leak (`enose calibration droop` measures it), and by the chip's file where it was not told.

    Where the sensor set is another one than before, the hours of its burn-in count from 0, or from --heated.

    Examples: `enose device fit --image fruit.img --device /dev/ttyACM0`,
    `enose device fit --sensor-set 0 --calibration 0 --device /dev/ttyACM0`
    """
    from enose.image import read_image

    if all(told is None for told in (image, sensor_set, calibration, heated, leak)):
        raise BadOption("nothing to tell: name --image, --sensor-set, --calibration, --heated or --leak")
    if leak is not None and not 0 <= leak <= MOST_LEAK_MV_PER_S:
        raise BadOption(f"--leak {leak:g}: 0 to {MOST_LEAK_MV_PER_S} mV/s")
    if heated is not None and not 0 <= heated <= MOST_HOURS:
        raise BadOption(f"--heated {heated:g}: 0 to {MOST_HOURS} hours")
    told: list[bytes | None] = [None, None]
    if image is not None:
        content = read_image(image)[1]
        told = [content.sensor_set, content.calibration]
    for k, (option, text) in enumerate((("--sensor-set", sensor_set), ("--calibration", calibration))):
        if text is not None:
            told[k] = _identity(option, text)
    heated_s = None if heated is None else round(heated * 3600)
    leak_v_per_s = None if leak is None else leak * 1e-3
    with _opened(device) as opened:
        fitted = opened.fit(told[0], told[1], heated_s, leak_v_per_s)
        result = {"device": device, "simulated": opened.simulated, **fitted}
        result["status"] = opened.status()
    _show(f"device at {device}", result, json)


def _identity(option: str, text: str) -> bytes:
    try:
        found = bytes.fromhex(text.zfill(16))
    except ValueError:
        found = b""
    if len(found) != 8:
        raise BadOption(f"{option} '{text}': expected 16 hexadecimal digits, or 0 for any")
    return found


def key(
    file: Annotated[Path, Parameter(help="the key, 32 random bytes; written where there is none yet")],
    *,
    device: DeviceAddress = "auto",
    json: Json = False,
) -> None:
    """Have a device take only weight images that are sealed with a key from now on. It can be set once.

    Example: `enose device key field.key --device /dev/ttyACM0`
    """
    from enose.link.key import made_key

    with _opened(device) as opened:
        opened.set_key(made_key(file))
        result = {"device": device, "simulated": opened.simulated, "key": str(file), "sealed_images_only": True}
    _show(f"device at {device}", result, json)
