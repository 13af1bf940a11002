"""Entry of `python3 scripts/feedstock`. Started by any Python: makes the private environment, starts itself there,
repairs it, and minds the interrupt key. Started inside that environment: runs the command line."""

import os
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

if __name__ == "__main__":
    if sys.version_info < (3, 10):  # noqa: UP036 (any python3 may start this file)
        sys.exit(f"feedstock needs Python 3.10 or newer, this is {sys.version.split()[0]}: run it with another python3")

    from feedstock import launcher

    if os.environ.get(launcher.INSIDE) == sys.prefix:
        try:
            from feedstock import cli

            cli.main()
        except ImportError:
            launcher.damaged()
    else:
        sys.exit(launcher.main(sys.argv[1:]))
