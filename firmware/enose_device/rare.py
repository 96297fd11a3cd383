"""Code that only some requests need, brought in where memory has room for it; a device in the field may not have any.

What an import stalls, and what is to be done before, is the caller's to know.
"""

import gc
import sys

from enose_contract import messages
from enose_contract.image import ImageError


def brought_in(bring_in):
    """What bring_in(), a function around an import, gives. Raises ImageError(E_MEMORY) where no piece is long enough.

    Then nothing of what it began with is left, so that the next request may have more luck.
    """
    before = list(sys.modules)
    try:
        return bring_in()
    except MemoryError:
        for name in list(sys.modules):
            if name not in before:
                sys.modules.pop(name, None)
        gc.collect()
        raise ImageError(messages.E_MEMORY, gc.mem_free())
