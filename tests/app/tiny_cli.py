"""The real command line over the tiny road: a program of its own, so that signals and exit codes are the real ones."""

import sys

from app.cli import main
from tests.app.tiny_stages import TINY


if __name__ == "__main__":
    sys.exit(main(table=TINY))
