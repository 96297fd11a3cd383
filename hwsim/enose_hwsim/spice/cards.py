"""BSIM3v3.3 cards of a generic 0.18 um, 1.8 V CMOS process, and its corners. Written for this project.

The figures are rounded typical ones, as textbooks and open course material print them for the 0.18 um node (oxide
4.1 nm, thresholds near 0.42 V, mobilities 270 and 115 cm2/Vs, body factor 0.58 sqrt(V), slope factor about 1.35); no
foundry's card was copied, and none is met exactly. BSIM3v3.3: Liu et al., BSIM3v3.3 MOSFET model users' manual, UC
Berkeley 2005; ngspice's level 8. It converges better in weak inversion than BSIM4 and takes a shift of the threshold
per transistor (`delvto`).

BSIM3 writes b3v33check.log into the working directory, but only to warn of something. So the parameters lie where it
has nothing to say, and each transistor is given its junctions' perimeters, each at least as long as its channel is
wide.
"""

from typing import Literal, get_args

Corner = Literal["tt", "ss", "ff", "sf", "fs"]  # the NMOS first: `sf` has a slow NMOS and a fast PMOS
CORNERS: tuple[Corner, ...] = get_args(Corner)
NMOS, PMOS = "nch", "pch"  # model names

# A slow transistor; a fast one is its mirror image. About three sigma of a wafer lot in a published 0.18 um process.
SLOW_THRESHOLD_V = 0.03
SLOW_MOBILITY = 0.95
SLOW_OXIDE = 1.02
OXIDE_M = 4.1e-9

_N = {
    "vth0": 0.42, "k1": 0.58, "k2": 0.003, "k3": 0.001, "k3b": 2, "w0": 1e-7, "nlx": 1.7e-7, "nch": 2.4e17,
    "dvt0": 1.3, "dvt1": 0.4, "dvt2": 0.02, "u0": 270, "ua": -1.4e-9, "ub": 2.3e-18, "uc": 5e-11, "vsat": 1e5,
    "a0": 1.9, "ags": 0.4, "keta": -0.01, "a1": 0, "a2": 0.9, "rdsw": 110, "prwg": 0.5, "prwb": -0.2, "lint": 1.5e-8,
    "voff": -0.09, "nfactor": 1.6, "cdsc": 2.4e-4, "eta0": 0.004, "etab": -1e-5, "dsub": 0.02,
    "pclm": 0.7, "pdiblc1": 0.18, "pdiblc2": 0.002, "pdiblcb": -0.1, "drout": 0.75,
    "cgdo": 7.8e-10, "cgso": 7.8e-10, "cj": 1e-3, "pb": 0.8, "mj": 0.38, "cjsw": 2.4e-10, "pbsw": 0.8, "mjsw": 0.15,
    "cjswg": 3.3e-10, "mjswg": 0.15, "noia": 1e20, "noib": 5e4, "noic": -1.4e-12,
}  # fmt: skip
_P = {
    "vth0": -0.42, "k1": 0.57, "k2": 0.025, "k3": 0, "k3b": 7, "w0": 1e-6, "nlx": 1e-7, "nch": 4.1e17,
    "dvt0": 0.6, "dvt1": 0.3, "dvt2": 0.1, "u0": 115, "ua": 1.5e-9, "ub": 1e-21, "uc": -1e-10, "vsat": 1.6e5,
    "a0": 1.7, "ags": 0.4, "keta": 0.02, "a1": 0.4, "a2": 0.4, "rdsw": 300, "prwg": 0.5, "prwb": -0.2, "lint": 2.5e-8,
    "voff": -0.1, "nfactor": 1.6, "cdsc": 2.4e-4, "eta0": 0.01, "etab": -0.001, "dsub": 0.5,
    "pclm": 1.5, "pdiblc1": 0.01, "pdiblc2": 0.02, "pdiblcb": -0.01, "drout": 0.5,
    "cgdo": 6.3e-10, "cgso": 6.3e-10, "cj": 1.2e-3, "pb": 0.86, "mj": 0.41, "cjsw": 2e-10, "pbsw": 0.86, "mjsw": 0.3,
    "cjswg": 4e-10, "mjswg": 0.3, "noia": 6e18, "noib": 3e3, "noic": 1.4e-12,
}  # fmt: skip
_BOTH = {
    "tnom": 27, "mobmod": 1, "capmod": 3, "noimod": 2, "xj": 1e-7,
    "delta": 0.01, "kt1": -0.11, "kt2": 0.022, "ute": -1.5, "ua1": 4.3e-9, "ub1": -7.6e-18, "uc1": -5.6e-11,
    "at": 3.3e4, "cgbo": 1e-12, "xpart": 0.5, "js": 1e-6, "jsw": 1e-12, "em": 4.1e7, "ef": 1,
}  # fmt: skip


def cards(corner: Corner = "tt") -> str:
    """The `.model` lines of both transistors at a process corner. Raises ValueError for another corner."""
    if corner not in CORNERS:
        raise ValueError(f"corner {corner!r}, expected one of {', '.join(CORNERS)}")
    n, p = ({"t": 0, "s": 1, "f": -1}[letter] for letter in corner)
    return _card(NMOS, "nmos", _N, n) + _card(PMOS, "pmos", _P, p)


def _card(name: str, kind: str, own: dict[str, float], slow: int) -> str:
    sign = 1 if kind == "nmos" else -1
    moved = {
        "vth0": own["vth0"] + sign * slow * SLOW_THRESHOLD_V,
        "u0": own["u0"] * SLOW_MOBILITY**slow,
        "tox": OXIDE_M * SLOW_OXIDE**slow,
    }
    values = {**_BOTH, **own, **moved}
    words = ["version=3.3.0", *(f"{parameter}={value:.6g}" for parameter, value in values.items())]
    lines = [" ".join(words[k : k + 10]) for k in range(0, len(words), 10)]
    return "\n+ ".join([f".model {name} {kind} level=8", *lines]) + "\n"
