"""`python -m codec.training`."""

import sys

from codec.training.hybrid.run import main

sys.exit(main())
