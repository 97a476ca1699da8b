"""Quadtrees on predictions: what corrects anchors and the pictures between them, as tensors and as bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from codec.hybrid.kinds import Kind
from codec.hybrid.pictures import padded, pictures_of, planes_of, rgb_of
from codec.hybrid.shape import GopShape
from codec.hybrid.tables import Tables
from codec.hybrid.trees import coding
from codec.hybrid.trees.coding import Contexts, Planar
from codec.media.picture import Colour


@dataclass(frozen=True, slots=True)
class CodedTrees:
    """The trees of an anchor: their bytes, the prediction they were made on, what they make of it, and the contexts
    they begin with."""

    data: bytes
    guess: Planar
    made: Planar
    begun: Contexts


def new_contexts(tables: Tables) -> Contexts:
    """What the trees of pictures that are predicted from others begin with."""
    return coding.new_contexts(tables.starts[Kind.ANCHOR])


def encode_trees(
    source: Planar, guessed: Tensor, contexts: Contexts, shape: GopShape, level: float, colour: Colour
) -> tuple[CodedTrees, Tensor]:
    """Correct an anchor's prediction (1, 3, H, W), in contexts that go on: its trees and the corrected picture."""
    (guess,), begun = _guesses(guessed, shape, colour), contexts.copy()
    data, better = coding.encode(source, level, contexts, guess)
    return CodedTrees(data, guess, better, begun), _corrected(guessed, guess, better, colour)


def decode_trees(
    data: bytes, guessed: Tensor, contexts: Contexts, shape: GopShape, level: float, colour: Colour
) -> tuple[Planar, Tensor]:
    """What an anchor was predicted to be, and the corrected picture. Raises ValueError when its trees are damaged."""
    (guess,) = _guesses(guessed, shape, colour)
    return guess, _corrected(guessed, guess, read_trees(contexts, data, guess, level), colour)


def read_trees(contexts: Contexts, data: bytes, guess: Planar, level: float) -> Planar:
    """What an anchor's trees make of its prediction, in contexts that go on. Raises ValueError when they are
    damaged."""
    height, width = guess.y.shape
    return coding.decode(data, width, height, level, contexts, guess)


@dataclass(frozen=True, slots=True)
class TreesBetween:
    """The trees of the pictures between a segment's anchors: their bytes, the predictions they were made on, and what
    they make of them."""

    data: bytes
    guesses: list[Planar]
    made: list[Planar]


def encode_trees_between(
    tables: Tables, sources: Sequence[Planar], guessed: Tensor, shape: GopShape, level: float, colour: Colour
) -> TreesBetween:
    """Correct the predictions (m, 3, H, W) of the pictures between a segment's anchors, in place."""
    guesses = _guesses(guessed, shape, colour)
    data, made = coding.encode_between(sources, level, new_contexts(tables), guesses, fine=shape.fine)
    _correct_between(guessed, guesses, made, colour)
    return TreesBetween(data, guesses, made)


def decode_trees_between(
    tables: Tables, data: bytes, guessed: Tensor, shape: GopShape, level: float, colour: Colour
) -> None:
    """Correct `guessed` as the encoder did. Raises ValueError when trees are damaged."""
    guesses = _guesses(guessed, shape, colour)
    _correct_between(guessed, guesses, read_trees_between(tables, data, guesses, shape, level), colour)


def read_trees_between(
    tables: Tables, data: bytes, guesses: Sequence[Planar], shape: GopShape, level: float
) -> list[Planar]:
    """What trees make of the predictions of the pictures between anchors. Raises ValueError when they are damaged."""
    return coding.decode_between(data, level, new_contexts(tables), guesses, fine=shape.fine)


def _guesses(guessed: Tensor, shape: GopShape, colour: Colour) -> list[Planar]:
    """Predictions (n, 3, H, W) as trees see them."""
    return [planes_of(picture) for picture in pictures_of(guessed, shape.width, shape.height, colour)]


def _corrected(guessed: Tensor, guess: Planar, better: Planar, colour: Colour) -> Tensor:
    """`guessed` (1, 3, H, W) with what trees made of it, `better`, in the place of `guess`."""
    if better.same_as(guess):
        return guessed
    change = rgb_of(better, colour).astype(np.int16) - rgb_of(guess, colour)
    return guessed + padded(change).div_(127.5)


def _correct_between(guessed: Tensor, guesses: Sequence[Planar], made: Sequence[Planar], colour: Colour) -> None:
    for each, guess, better in zip(guessed, guesses, made, strict=True):
        if better is not guess:
            each.copy_(_corrected(each[None], guess, better, colour)[0])
