"""``python -m app`` and ``splatroom``: the command line."""

import multiprocessing
import sys

from app import cli


def main() -> None:
    multiprocessing.freeze_support()
    sys.exit(cli.main())


if __name__ == "__main__":
    main()
