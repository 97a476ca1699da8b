"""`python -m codec.training`."""

import sys

from codec.training.run import main

sys.exit(main())
