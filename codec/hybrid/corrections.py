"""Quadtrees on predictions: what corrects anchors and the pictures between them, as tensors and as bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from codec.hybrid.model.scales import LEVEL_FRACTION
from codec.hybrid.model.weights import CodecModel
from codec.hybrid.pictures import padded, pictures_of, planes_of, rgb_of_key
from codec.hybrid.shape import GopShape
from codec.hybrid.trees import coding as tree_coding
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


def new_contexts(model: CodecModel) -> Contexts:
    """What the trees of pictures that are predicted from others begin with."""
    return tree_coding.new_contexts(model.tree_starts[1])


def encode_trees(
    source: Planar, guessed: Tensor, contexts: Contexts, shape: GopShape, level_code: int, colour: Colour
) -> tuple[CodedTrees, Tensor]:
    """Correct an anchor's prediction (1, 1, 3, H, W), in contexts that go on: its trees and what is known then."""
    guess, begun = _predicted(guessed, shape, colour), contexts.copy()
    data, better = tree_coding.encode(source, level_code / LEVEL_FRACTION, contexts, guess)
    return CodedTrees(data, guess, better, begun), _corrected(guessed, guess, better, colour)


def decode_trees(
    data: bytes, guessed: Tensor, contexts: Contexts, shape: GopShape, level_code: int, colour: Colour
) -> tuple[Planar, Tensor]:
    """What an anchor was predicted to be, and what is known once its trees were read. Raises ValueError when they are
    damaged."""
    guess = _predicted(guessed, shape, colour)
    return guess, _corrected(guessed, guess, read_trees(contexts, data, guess, level_code), colour)


def read_trees(contexts: Contexts, data: bytes, guess: Planar, level_code: int) -> Planar:
    """What an anchor's trees make of its prediction, in contexts that go on. Raises ValueError when they are
    damaged."""
    height, width = guess.y.shape
    return tree_coding.decode(data, width, height, level_code / LEVEL_FRACTION, contexts, guess)


def _predicted(known: Tensor, shape: GopShape, colour: Colour) -> Planar:
    """A prediction (1, 1, 3, H, W) as trees see it."""
    return planes_of(pictures_of(known[:, 0], shape.width, shape.height, colour)[0])


def _corrected(known: Tensor, guess: Planar, better: Planar, colour: Colour) -> Tensor:
    """`known` (1, 1, 3, H, W) with what trees made of it, `better`, in the place of `guess`."""
    if better.same_as(guess):
        return known
    change = rgb_of_key(better, colour).astype(np.int16) - rgb_of_key(guess, colour)
    return known + padded(change[None], known.device).div_(127.5)[None]


@dataclass(frozen=True, slots=True)
class TreesBetween:
    """The trees of the pictures between a GoP's anchors: their bytes, the predictions they were made on, and what they
    make of them."""

    data: bytes
    guesses: list[Planar]
    made: list[Planar]


@torch.inference_mode()
def encode_trees_between(
    model: CodecModel, sources: Sequence[Planar], known: Tensor, level_code: int, colour: Colour
) -> TreesBetween:
    """Correct what is known (m, 6, H, W) of the pictures between a GoP's anchors, in place."""
    guesses = _guesses_between(known, sources[0].y.shape, colour)
    contexts = new_contexts(model)
    data, made = tree_coding.encode_between(sources, level_code / LEVEL_FRACTION, contexts, guesses)
    _correct_between(known, guesses, made, colour)
    return TreesBetween(data, guesses, made)


@torch.inference_mode()
def decode_trees_between(
    model: CodecModel, data: bytes, known: Tensor, size: tuple[int, int], level_code: int, colour: Colour
) -> None:
    """Correct `known` as the encoder did; `size`: (H, W) of the pictures. Raises ValueError when trees are damaged."""
    guesses = _guesses_between(known, size, colour)
    _correct_between(known, guesses, read_trees_between(model, data, guesses, level_code), colour)


def read_trees_between(model: CodecModel, data: bytes, guesses: Sequence[Planar], level_code: int) -> list[Planar]:
    """What trees make of the predictions of the pictures between anchors. Raises ValueError when they are damaged."""
    contexts = new_contexts(model)
    return tree_coding.decode_between(data, level_code / LEVEL_FRACTION, contexts, guesses)


def _guesses_between(known: Tensor, size: tuple[int, ...], colour: Colour) -> list[Planar]:
    return [planes_of(picture) for picture in pictures_of(known[:, :3], size[1], size[0], colour)]


def _correct_between(known: Tensor, guesses: Sequence[Planar], made: Sequence[Planar], colour: Colour) -> None:
    for each, guess, better in zip(known, guesses, made, strict=True):
        if better is not guess:
            each[:3] = _corrected(each[None, None, :3], guess, better, colour)[0, 0]
