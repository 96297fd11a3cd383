"""A plan of recording in which the class follows neither the day, nor the order, nor what whoever records knows.

Randomised complete blocks (R. A. Fisher, The Design of Experiments, 1935, ch. 4): every block holds each class once, in
an order of its own; days hold whole blocks. Specimens go by codes that say nothing, so that recording is blind.
"""

from collections.abc import Sequence

import numpy as np

from enose.project.schema import ProjectError

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels: no words; no Y and no digits that look like letters
CODE_LENGTH = 3
LARGEST = 1000  # specimens in a plan, of 8000 codes


def randomised_blocks(classes: Sequence[str], repeats: int, days: int, seed: int) -> list[tuple[int, int, str, str]]:
    """(day, block, code, label) of every specimen in its order: `repeats` of each class in all, over so many days.

    Days and blocks count from 1; the days' numbers of blocks differ by one at most. The same seed is the same plan.
    Raises ProjectError for fewer than two classes, one that is there twice or empty, or fewer repeats than days.
    """
    names = [name.strip() for name in classes]
    if len(names) < 2 or not all(names) or len(set(names)) < len(names):
        raise ProjectError(f"classes '{','.join(classes)}', expected two or more different ones")
    if not 1 <= days <= repeats:
        raise ProjectError(
            f"{days} days for {repeats} repeats, expected 1 to {max(repeats, 1)}: each day has every class"
        )
    if repeats * len(names) > LARGEST:
        raise ProjectError(f"{repeats} repeats of {len(names)} classes, expected up to {LARGEST} specimens")
    rng = np.random.default_rng([seed, 0x9A])
    drawn = rng.choice(len(LETTERS) ** CODE_LENGTH, size=repeats * len(names), replace=False)
    codes = iter([_code(int(number)) for number in drawn])
    return [
        (block * days // repeats + 1, block + 1, next(codes), names[k])
        for block in range(repeats)
        for k in rng.permutation(len(names)).tolist()
    ]


def _code(number: int) -> str:
    text = ""
    for _ in range(CODE_LENGTH):
        number, at = divmod(number, len(LETTERS))
        text += LETTERS[at]
    return text
