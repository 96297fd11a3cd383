"""The command line: `enose NOUN VERB`. Exit codes: 0 done, 1 the work failed, 2 bad usage or bad input."""

from enose.cli.main import main

__all__ = ["main"]
