"""`python -m memcli`."""

from memcli.app import main

main()
