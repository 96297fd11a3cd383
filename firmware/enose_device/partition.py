"""The partition in flash: a file system for images and settings, then the log's ring, then one block for the key."""

from enose_device.watchdog import nothing

LOG_BLOCKS = 4
KEY_BLOCKS = 1


class Partition:
    """A block device of the file system's part, which other blocks lie behind.

    `before` is called ahead of every operation that stalls the processor, so that no refresh is late.
    """

    def __init__(self, flash) -> None:
        """flash: a block device with the extended interface of MicroPython's vfs."""
        self._flash = flash
        self.before = nothing
        self.log_block = flash.ioctl(4, 0) - LOG_BLOCKS - KEY_BLOCKS
        self.key_block = self.log_block + LOG_BLOCKS

    def readblocks(self, block, buffer, offset=0) -> None:
        """Read from one block."""
        self._flash.readblocks(block, buffer, offset)

    def writeblocks(self, block, buffer, offset=None) -> None:
        """Program; without an offset the block is erased first."""
        self.before()
        if offset is None:
            self._flash.writeblocks(block, buffer)
        else:
            self._flash.writeblocks(block, buffer, offset)

    def ioctl(self, operation, argument):
        """The block device's operations; 4 counts the file system's blocks, 6 erases one."""
        if operation == 4:
            return self.log_block
        if operation == 6:
            self.before()
        return self._flash.ioctl(operation, argument)
