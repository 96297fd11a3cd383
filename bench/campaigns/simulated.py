"""What the campaigns on the whole simulated board share: its image, its host, a classification."""

import numpy as np

from enose.link.device import Answer, Device
from enose.link.port import LockstepPort
from enose_contract.image import Image
from enose_contract.normalise import NORM_CHANGE
from enose_hwsim.board.simulated import SimulatedBoard

CLEAN_OHM = 30_000.0
RATIOS = (0.9, 0.7, 0.5, 0.3)  # of the clean-air resistance, under the one specimen
SAMPLE_S = 0.1
NONCE = 1
SENSOR_SET = b"sensors1"
WEIGHTS_UV = [700_000 + k * 400_000 // 24 for k in range(25)]  # all over the chip's range
BASELINE_MS, EXPOSURE_MS, RECOVERY_MS, SCAN_MS = 600, 1000, 400, 100


def host_of(board: SimulatedBoard) -> Device:
    """The project's host at a board. Raises LinkError, DeviceError, FirmwareEnded."""
    return Device(LockstepPort(board, "simulated board"), nonce=NONCE)


def raw_image() -> bytes:
    """The one image that every campaign here measures with."""
    return Image(
        "mlp441", "pico-mlp", SENSOR_SET, b"model001", b"none0000", NORM_CHANGE, [0, 1, 2, 3], [0] * 4, [0] * 4,
        ["banana", "lemon", "lychee"], WEIGHTS_UV, BASELINE_MS, EXPOSURE_MS, RECOVERY_MS, SCAN_MS, 2,
    ).pack()  # fmt: skip


def classify(board: SimulatedBoard, device: Device) -> Answer:
    """One measurement of the one specimen."""
    clean = np.full((BASELINE_MS // SCAN_MS, len(RATIOS)), CLEAN_OHM)
    exposed = clean[:1].repeat(EXPOSURE_MS // SCAN_MS, axis=0) * np.array(RATIOS)
    board.present(clean, exposed, np.empty((0, len(RATIOS))), SAMPLE_S)
    return device.measure()
