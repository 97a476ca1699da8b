"""Loops compiled to machine code, kept on disk, run without the interpreter's lock."""

from functools import partial

import numba

compiled = partial(numba.njit, cache=True, nogil=True, boundscheck=False, _nrt=False)
"""Decorator of functions that work on arrays they are given and make none.

Nobody counts, then, who refers to an array (`_nrt`): an atomic counter for every array of every call took two thirds of
the time that choosing trees of blocks takes.
"""
