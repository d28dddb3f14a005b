"""A label of one calibrated parameter: whose it is, and what of it."""

from __future__ import annotations

from typing import NamedTuple


class Label(NamedTuple):
    """The name of one free parameter, written ``owner:kind`` wherever it leaves the process."""

    owner: str
    """A muscle, a bone, or muscles that share the parameter, joined by ``+``."""
    kind: str
    """As `pipeline.model.subject.CALIBRATED` or `pipeline.model.skeleton.SHAPE` names it."""

    @classmethod
    def parse(cls, text: str) -> Label:
        """Return the label that `text` is; ValueError where it has no colon."""
        owner, kind = text.rsplit(":", 1)
        return cls(owner, kind)

    def __str__(self) -> str:
        return f"{self.owner}:{self.kind}"

    @property
    def owners(self) -> tuple[str, ...]:
        """The muscles that share the parameter, or the one muscle or bone."""
        return tuple(self.owner.split("+"))
