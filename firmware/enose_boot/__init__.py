"""What runs before the firmware: it chooses one of two folders and goes back to the other where the new one fails.

Installed once, in the root of the file system; an update never touches it. The folder's firmware gets a
`start.Firmware` and knows nothing else of all this.
"""
