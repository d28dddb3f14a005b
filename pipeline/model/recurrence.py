"""First-order linear recurrences along time, in log2(T) passes instead of T steps.

``y[i] = a[i] y[i-1] + b[i]`` composes associatively, so a window of any length costs a handful of
elementwise passes; its derivative is the same recurrence run backwards. Everything that has memory
in the model, activation as well as the tendon's Newton system, goes through here.

Time is the last axis.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor

from pipeline.shapes import Float


def linear_recurrence(
    a: Float[Tensor, "*#batch time"], b: Float[Tensor, "*batch time"]
) -> Float[Tensor, "*batch time"]:
    """Solve ``y[i] = a[i] y[i-1] + b[i]`` with ``y[-1] = 0``.

    Parameters
    ----------
    a, b
        Shape [..., time]; ``a[..., 0]`` is not used.

    Returns
    -------
    Tensor
        Shape [..., time].
    """
    y, time, step = b.clone(), b.shape[-1], 1
    reach = a[..., 1:]  # factor from the sample `step` before, for the samples that have one
    while step < time:
        y[..., step:].add_(reach * y[..., :-step])
        reach = reach[..., step:] * reach[..., :-step]
        step *= 2
    return y


def constant_recurrence(
    pole: Float[Tensor, "*#batch 1"], b: Float[Tensor, "*batch time"]
) -> Float[Tensor, "*batch time"]:
    """Solve ``y[i] = pole y[i-1] + b[i]`` with ``y[-1] = 0``.

    Parameters
    ----------
    pole
        Shape [..., 1].
    b
        Shape [..., time].
    """
    return _constant_recurrence_(pole, b.clone())


def _constant_recurrence_(pole: Tensor, y: Tensor) -> Tensor:
    time, step = y.shape[-1], 1
    while step < time:
        y[..., step:].add_(pole * y[..., :-step])
        pole, step = pole * pole, 2 * step
    return y


def _low_pass(pole: Tensor, x: Tensor, before: Tensor) -> Tensor:
    if x.shape[-1] == 1:
        return torch.lerp(x, before, pole)
    drive = torch.addcmul(x, pole, x, value=-1.0)
    drive[..., :1].add_(pole * before)
    return _constant_recurrence_(pole, drive)


def _earlier(y: Tensor, before: Tensor) -> Tensor:
    return torch.cat((before.expand_as(y[..., :1]), y[..., :-1]), -1)


class _LowPass(torch.autograd.Function):
    """``y[i] = p y[i-1] + (1 - p) x[i]`` with its exact gradient."""

    @staticmethod
    def forward(ctx: Any, pole: Tensor, x: Tensor, before: Tensor) -> Tensor:
        y = _low_pass(pole, x, before)
        ctx.save_for_backward(pole, x, before, y)
        ctx.save_for_forward(pole, x, before, y)
        return y

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> Tensor:
        pole, x, before, y = ctx.saved_tensors
        by_pole, by_x, by_before = tangents
        drive = torch.zeros_like(y)
        if by_pole is not None:
            drive = drive + by_pole * (_earlier(y, before) - x)
        if by_x is not None:
            drive = drive + (1.0 - pole) * by_x
        if by_before is not None:
            drive[..., :1] += pole * by_before
        return constant_recurrence(pole, drive)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        pole, x, before, y = ctx.saved_tensors
        need_pole, need_x, need_before = ctx.needs_input_grad
        adjoint = constant_recurrence(pole, grads[0].flip(-1)).flip(-1)
        grad_pole = grad_x = grad_before = None
        if need_pole:
            grad_pole = (adjoint * (_earlier(y, before) - x)).sum_to_size(pole.shape)
        if need_x:
            grad_x = ((1.0 - pole) * adjoint).sum_to_size(x.shape)
        if need_before:
            grad_before = (pole * adjoint[..., :1]).sum_to_size(before.shape)
        return grad_pole, grad_x, grad_before


def low_pass(
    pole: Float[Tensor, "*#batch 1"],
    x: Float[Tensor, "*#batch time"],
    before: Float[Tensor, "*#batch 1"],
) -> Float[Tensor, "*any time"]:
    """First-order low-pass of unit gain, differentiable in all arguments.

    Parameters
    ----------
    pole
        Discrete pole, 0 <= pole < 1, shape [..., 1].
    x
        Input, shape [..., time].
    before
        Output just before the first sample, shape [..., 1].

    Returns
    -------
    Tensor
        Output, shape [..., time].
    """
    if not torch.is_grad_enabled():
        return _low_pass(pole, x, before)
    y = _LowPass.apply(pole, x, before)  # type: ignore[no-untyped-call]
    return cast(Tensor, y)
