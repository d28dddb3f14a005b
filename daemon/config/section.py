"""The common ground of every table of the configuration."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Interval = tuple[float, float]
Renamed = Mapping[str, str]

logger = logging.getLogger(__name__)


class Section(BaseModel):
    """A table of the file: unknown keys are refused, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    renamed: ClassVar[Renamed] = {}
    """Old names of keys and the new ones; the old are read for one version, with a note."""

    @model_validator(mode="before")
    @classmethod
    def _read_old_names(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        taken = dict(values)
        for old in cls.renamed.keys() & taken.keys():
            new = cls.renamed[old]
            if new in taken:
                raise ValueError(f"'{old}' is the old name of '{new}'; keep '{new}' alone")
            taken[new] = taken.pop(old)
            logger.warning("The key '%s' is called '%s' now; rename it in the file.", old, new)
        return taken
