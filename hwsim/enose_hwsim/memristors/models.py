"""The models by the names that commands know them by, in the order of paper 002."""

from collections.abc import Mapping
from types import MappingProxyType

from enose_hwsim.memristors.a14mod import A14Mod
from enose_hwsim.memristors.lehtonen_laiho import LehtonenLaiho
from enose_hwsim.memristors.linear_drift import Biolek, Joglekar, StrukovWilliams
from enose_hwsim.memristors.model import Memristor

MODELS: Mapping[str, type[Memristor]] = MappingProxyType(
    {
        "strukov": StrukovWilliams,
        "joglekar": Joglekar,
        "biolek": Biolek,
        "lehtonen": LehtonenLaiho,
        "a14mod": A14Mod,
    }
)
