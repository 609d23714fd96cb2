"""`python -m pretzel.data_plane` runs a worker."""

import sys

from pretzel.data_plane.supervise.run import main

if __name__ == "__main__":
    sys.exit(main())
