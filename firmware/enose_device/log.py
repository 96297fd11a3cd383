"""The field log: a ring of pages at the end of the partition, behind the file system, so that it outlives it.

A page holds up to eight records and is programmed once; a block is erased when the ring comes round to it. What happens
is collected in memory and written when a page is full, every ten minutes, or within a second of something urgent, but
no more often than every ten seconds in the long run. One page every ten minutes and two for each of four starts a day
are 152 pages, so that each of four blocks is erased 2.4 times a day: 100,000 erasures (W25Q16JV data sheet, section 1)
last a century, and two years where somebody provokes faults without end.
"""

from array import array

from enose_contract import records
from enose_contract.image import ImageError
from enose_contract.messages import E_STORE

PAGE = 256  # NOR flash is programmed in whole pages
BLOCK = 4096
PAGES_A_BLOCK = BLOCK // PAGE
RECORDS_A_PAGE = PAGE // records.SIZE
BLANK_PAGE = b"\xff" * PAGE
LATEST_S = 600
SPACING_S = 10  # between two writes in the long run
BURST = 4  # writes that may follow each other at once
QUICK_STARTS = 3  # so many that did not last, one after the other, are a reset loop


class Log:
    """Takes records, keeps them, and gives them out by sequence number."""

    def __init__(self, flash, first_block: int, blocks: int) -> None:
        """flash: a block device; the ring is its blocks from first_block on.

        Blocks that hold neither records nor nothing at all are not ours: they are never erased.
        """
        self._flash = flash
        self._first_block = first_block
        self._pages = blocks * PAGES_A_BLOCK
        self._starts_at = array("I", bytes(4 * self._pages))  # the first sequence number of each page, 0 for none
        self._page = bytearray(b"\xff" * PAGE)  # what is not written yet
        self._seen = bytearray(PAGE)
        self._count = 0
        self._at = 0  # the page that is written next
        self._urgent = False
        self._paid_s = -BURST * SPACING_S  # every write costs SPACING_S; so far behind the clock is the most credit
        self._began_s = 0
        self._start = 0
        self.uptime_s = 0
        self.next = 1
        self.lost = 0  # records that there was no room for
        self.quick_starts = 0
        self.note = 0  # what this start was told by the one before
        self.heated_s = 0  # as the last record of it says
        self.console = 0  # the event, where the last thing before this start was the wish for the interactive prompt
        self._ours = self._find()

    def begin(self, cause: int, task: int) -> None:
        """Note this start, before anything that could hang."""
        self.note = task
        self.add(records.START, cause, self.quick_starts, task, urgent=True)
        self.write()

    def add(self, event: int, a=0, b=0, c=0, d=0, x=0, y=0, z=0, urgent=False) -> None:
        """Note an event; see contract.records. Where the page is full and cannot be written yet, it is lost."""
        if self.full:
            self.lost += 1
            return
        if not self._count:
            self._began_s = self.uptime_s
        values = (self.next, self.uptime_s, self._start & 0xFFFF, event, a, b, c, d & 0xFFFF, x, y, z)
        records.write(self._page, self._count * records.SIZE, values)
        self._count += 1
        self.next += 1
        self._urgent = self._urgent or urgent

    @property
    def full(self) -> bool:
        """Whether there is no room for another record until some are written."""
        return self._count == RECORDS_A_PAGE

    def tick(self, uptime_s: int) -> None:
        """Once a second: write what is due."""
        self.uptime_s = uptime_s
        due = self._urgent or self._count == RECORDS_A_PAGE or uptime_s - self._began_s >= LATEST_S
        if self._count and due and self._paid_s + SPACING_S <= uptime_s:
            self.write()

    def write(self) -> None:
        """Write what was collected; where that fails it is kept, and tried again at the next page."""
        self._paid_s = max(self._paid_s, self.uptime_s - BURST * SPACING_S) + SPACING_S
        try:
            page = self._blank_page()
            if page < 0:
                return
            self._flash.writeblocks(self._block(page), self._page, page % PAGES_A_BLOCK * PAGE)
            self._load(page)
        except OSError:
            return
        if self._seen != self._page:
            return
        self._starts_at[page] = self.next - self._count
        for k in range(PAGE):
            self._page[k] = 0xFF
        self._count = 0
        self._urgent = False

    def read(self, sequence: int):
        """(oldest, next, lost, count, records) from a sequence number on, at most records.MOST of them.

        Raises ImageError(E_STORE) where the flash does not answer.
        """
        found = bytearray(records.MOST * records.SIZE)
        oldest, begin = self._around(sequence)
        count = 0
        for k in range(begin, self._pages):
            page = (self._at + k) % self._pages
            if self._starts_at[page] and count < records.MOST:
                try:
                    self._load(page)
                except OSError:
                    raise ImageError(E_STORE)
                count = self._copy(self._seen, sequence, found, count)
        count = self._copy(self._page, sequence, found, count)
        return oldest, self.next, self.lost, count, found

    def _around(self, sequence: int):
        """The oldest sequence number, and how far behind the next page the one with `sequence` lies."""
        oldest = begin = 0
        for k in range(self._pages):
            first = self._starts_at[(self._at + k) % self._pages]
            if first and not oldest:
                oldest = first
            if first and first <= sequence:
                begin = k
        return oldest or self.next - self._count, begin

    def _copy(self, page, sequence: int, found, count: int) -> int:
        for at in range(0, PAGE, records.SIZE):
            if count == records.MOST:
                break
            values = records.read(page, at)
            if values is not None and values[0] >= sequence:
                found[count * records.SIZE : (count + 1) * records.SIZE] = page[at : at + records.SIZE]
                count += 1
        return count

    def _find(self) -> bool:
        """Where the ring stands and how the last starts ended; whether the blocks are ours."""
        blank = True
        newest = lasted = heated = 0
        starts = []
        try:
            for page in range(self._pages):
                if self._are_blank(page, 1):
                    continue
                blank = False
                for at in range(0, PAGE, records.SIZE):
                    values = records.read(self._seen, at)
                    if values is None:
                        continue
                    sequence, _, start, event = values[:4]
                    if not self._starts_at[page]:
                        self._starts_at[page] = sequence
                    if sequence > newest:
                        newest = sequence
                        self._start = start
                        self._at = page + 1
                        self.console = event if event in (records.CONSOLE, records.UPDATE) else 0
                    if event == records.HEATED and sequence > heated:
                        heated = sequence
                        self.heated_s = values[8]
                    if event in (records.LASTED, records.CLEARED, records.UPDATE, records.CONFIRMED):
                        lasted = max(lasted, sequence)
                    elif event == records.START:
                        starts.append(sequence)
                        starts = sorted(starts)[-QUICK_STARTS:]
        except OSError:
            return False
        self.next = newest + 1
        self._start += 1
        self.quick_starts = len([sequence for sequence in starts if sequence > lasted])
        return blank or newest > 0

    def _blank_page(self) -> int:
        """The next page that can be programmed, its block erased where the ring has come round; -1 for none.

        A block is begun with all of its pages blank: an erasure that the power cut off may have left old records in
        the rest of them, which would then lie behind newer ones.
        """
        for _ in range(self._pages):
            page = self._at % self._pages
            self._at = page + 1
            begins = page % PAGES_A_BLOCK == 0 and self._ours
            if self._are_blank(page, PAGES_A_BLOCK if begins else 1):
                return page
            if begins:
                self._flash.ioctl(6, self._block(page))
                for k in range(PAGES_A_BLOCK):
                    self._starts_at[page + k] = 0
                return page
        return -1

    def _block(self, page: int) -> int:
        return self._first_block + page // PAGES_A_BLOCK

    def _load(self, page: int) -> None:
        self._flash.readblocks(self._block(page), self._seen, page % PAGES_A_BLOCK * PAGE)

    def _are_blank(self, page: int, count: int) -> bool:
        """Whether so many pages are; the last one looked at is in `_seen`."""
        for k in range(page, page + count):
            self._load(k)
            if self._seen != BLANK_PAGE:
                return False
        return True
