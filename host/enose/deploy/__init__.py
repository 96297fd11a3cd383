"""Deployment: the compiled firmware into the idle one of a device's two folders, and the first installation.

`flash` is the whole course; `target` is a device on a port or a simulated one, `prompt` its interactive prompt,
`install` what is written there, `programs` what runs there meanwhile, `uf2` MicroPython itself.
"""
