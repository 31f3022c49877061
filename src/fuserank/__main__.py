"""`python -m fuserank`: the command line without the entry point."""

from fuserank.cli import main

main()
