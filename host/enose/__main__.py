"""`python -m enose` is `enose`."""

from enose.cli import main

main()
