"""Measures PyTorch (eager and compiled) and JAX on the losses, shapes and numbers of this folder's Rust program.

    python torch_jax.py [--milliseconds 1500] [--only NAME] [--out results/torch_jax.json]

A framework that is not installed, or a loss that fails, is a dash.
"""

import os

# Before any framework looks for processors: with one, whatever their pools are told, nothing runs beside.
try:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    PINNED = True
except (AttributeError, OSError):
    PINNED = False
for name in ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "NPROC"]:
    os.environ[name] = "1"
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"
os.environ["JAX_PLATFORMS"] = "cpu"

import argparse
import datetime
import json
import math
import pathlib
import platform
import statistics
import sys
import time
import warnings

# The numbers need numpy, which comes with JAX, and so whatever takes them does.
try:
    import numpy
    import torch
    import torch.nn.functional as F
except ImportError:
    torch = None
try:
    import numpy
    import jax
    import jax.numpy as jnp
except ImportError:
    jax = None

# kl_div's mean is what is measured, whatever it will mean one day.
warnings.filterwarnings("ignore", message="reduction: 'mean' divides")

EAGER, COMPILED, JAX = "PyTorch eager", "torch.compile", "JAX"
COLUMNS = ["limit", "ours", "burn", "candle", EAGER, COMPILED, JAX]

POINTWISE = [(1000,), (49152,), (10000000,)]
CLASSES = [(1024, 1000), (64, 32000), (4096, 10), (4, 21, 256, 256)]
VECTORS = [(8192, 128), (1024, 4096)]
SHAPES = {
    "l1": POINTWISE,
    "mse": POINTWISE,
    "smooth_l1": POINTWISE,
    "huber": POINTWISE,
    "bce_with_logits": POINTWISE,
    "hinge_embedding": POINTWISE,
    "kl_div": POINTWISE,
    "margin_ranking": POINTWISE,
    "cross_entropy": CLASSES,
    "nll": CLASSES[:1],
    "cosine_embedding": VECTORS,
}
TWO_PREDICTIONS = ["margin_ranking", "cosine_embedding"]

# A turn is at least so many seconds long, and there are at least so many turns.
TURN, FEWEST = 200e-6, 5


# The numbers: those of batch.rs, bit for bit.

def bits(stream, count):
    place = numpy.arange(count, dtype=numpy.uint64) + numpy.uint64(stream << 40)
    z = place * numpy.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return z ^ (z >> numpy.uint64(31))


def reals(stream, shape, low, high):
    unit = (bits(stream, math.prod(shape)) >> numpy.uint64(40)).astype(numpy.float32) / numpy.float32(1 << 24)
    low, high = numpy.float32(low), numpy.float32(high)
    return (low + (high - low) * unit).reshape(shape)


def labels(shape, classes):
    found = (bits(3, math.prod(shape)) >> numpy.uint64(33)) % numpy.uint64(classes)
    return found.astype(numpy.int64).reshape(shape)


def batch(loss, shape):
    """Predictions first, then what they are held against."""
    signs = lambda shape: (2 * labels(shape, 2) - 1).astype(numpy.float32)
    if loss in ["l1", "mse", "smooth_l1", "huber"]:
        return [reals(1, shape, -3, 3), reals(2, shape, -3, 3)]
    if loss == "bce_with_logits":
        return [reals(1, shape, -3, 3), labels(shape, 2).astype(numpy.float32)]
    if loss == "hinge_embedding":
        return [reals(1, shape, 0, 3), signs(shape)]
    if loss == "kl_div":
        return [reals(1, shape, -6, 0), reals(2, shape, 0.01, 0.99)]
    if loss == "margin_ranking":
        return [reals(1, shape, -3, 3), reals(2, shape, -3, 3), signs(shape)]
    if loss == "cosine_embedding":
        return [reals(1, shape, -3, 3), reals(2, shape, -3, 3), signs(shape[:1])]
    low, high = (-6, 0) if loss == "nll" else (-3, 3)
    return [reals(1, shape, low, high), labels((shape[0],) + shape[2:], shape[1])]


# The losses. PyTorch's are its own.

def torch_loss(loss):
    return {
        "l1": F.l1_loss,
        "mse": F.mse_loss,
        "smooth_l1": F.smooth_l1_loss,
        "huber": F.huber_loss,
        "bce_with_logits": F.binary_cross_entropy_with_logits,
        "hinge_embedding": F.hinge_embedding_loss,
        "kl_div": F.kl_div,
        "margin_ranking": F.margin_ranking_loss,
        "cross_entropy": F.cross_entropy,
        "nll": F.nll_loss,
        "cosine_embedding": F.cosine_embedding_loss,
    }[loss]


# JAX has none: these are the formulas as its users write them.

def jax_label(logs, target):
    return jnp.take_along_axis(logs, jnp.expand_dims(target, 1), axis=1)


def jax_huber(input, target):
    error = jnp.abs(input - target)
    return jnp.mean(jnp.where(error < 1.0, 0.5 * error**2, error - 0.5))


def jax_cosine_embedding(first, second, target):
    square = lambda vector: jnp.sum(vector * vector, axis=1) + 1e-12
    cosine = jnp.sum(first * second, axis=1) / jnp.sqrt(square(first) * square(second))
    return jnp.mean(jnp.where(target == 1, 1.0 - cosine, jax.nn.relu(cosine)))


def jax_loss(loss):
    return {
        "l1": lambda input, target: jnp.mean(jnp.abs(input - target)),
        "mse": lambda input, target: jnp.mean((input - target) ** 2),
        "smooth_l1": jax_huber,
        "huber": jax_huber,
        "bce_with_logits": lambda input, target: -jnp.mean(
            target * jax.nn.log_sigmoid(input) + (1.0 - target) * jax.nn.log_sigmoid(-input)
        ),
        "hinge_embedding": lambda input, target: jnp.mean(
            jnp.where(target == 1, input, jax.nn.relu(1.0 - input))
        ),
        "kl_div": lambda input, target: jnp.mean(jax.scipy.special.xlogy(target, target) - target * input),
        "margin_ranking": lambda first, second, target: jnp.mean(jax.nn.relu(-target * (first - second))),
        "cross_entropy": lambda input, target: -jnp.mean(jax_label(jax.nn.log_softmax(input, axis=1), target)),
        "nll": lambda input, target: -jnp.mean(jax_label(input, target)),
        "cosine_embedding": jax_cosine_embedding,
    }[loss]


# A call gives the value and the gradients of the predictions; `read` makes plain numbers of them.

def torch_call(function, arrays, predictions):
    tensors = [torch.from_numpy(array) for array in arrays]
    for tensor in tensors[:predictions]:
        tensor.requires_grad_(True)

    def call():
        for tensor in tensors[:predictions]:
            tensor.grad = None
        value = function(*tensors)
        value.backward()
        return value.detach(), [tensor.grad for tensor in tensors[:predictions]]

    return call


def jax_call(function, arrays, predictions):
    arrays = [jax.device_put(array) for array in arrays]
    fused = jax.jit(jax.value_and_grad(function, argnums=tuple(range(predictions))))
    return lambda: jax.block_until_ready(fused(*arrays))


def answer(call):
    value, gradients = call()
    magnitudes = sum(float(numpy.abs(numpy.asarray(one), dtype=numpy.float64).sum()) for one in gradients)
    finite = lambda number: number if numpy.isfinite(number) else None
    return {"value": finite(float(value)), "gradient": finite(magnitudes)}


# Time in turns, as turns.rs does.

def turn(call, times):
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / times


def repetitions(call):
    call()
    times = 1
    while turn(call, times) * times < TURN:
        times *= 2
    return times


def in_turns(milliseconds, calls):
    repeat = [repetitions(call) for call in calls]
    found = [[] for _ in calls]
    until = time.perf_counter() + milliseconds / 1000
    while any(len(turns) < FEWEST for turns in found) or time.perf_counter() < until:
        for call, times, turns in zip(calls, repeat, found):
            if times > 1:
                call()
            turns.append(turn(call, times))
    return [{"least": min(turns), "median": statistics.median_high(turns)} for turns in found]


def prepared(loss, shape):
    """The calls by column, each tried once."""
    arrays, predictions = batch(loss, shape) if torch or jax else [], 2 if loss in TWO_PREDICTIONS else 1
    makers = {}
    if torch:
        makers[EAGER] = lambda: torch_call(torch_loss(loss), arrays, predictions)
        makers[COMPILED] = lambda: torch_call(torch.compile(torch_loss(loss), dynamic=False), arrays, predictions)
    if jax:
        makers[JAX] = lambda: jax_call(jax_loss(loss), arrays, predictions)
    calls, answers = {}, {}
    for column, maker in makers.items():
        try:
            call = maker()
            answers[column] = answer(call)
            calls[column] = call
        except Exception as error:
            print(f"{column}: {loss} {shape}: {str(error).splitlines()[0]}", file=sys.stderr)
    return calls, answers


def row(loss, shape, milliseconds):
    if torch:
        # What was compiled for one shape must not count as a reason to compile for all.
        torch.compiler.reset()
    calls, answers = prepared(loss, shape)
    times = in_turns(milliseconds, list(calls.values())) if calls else []
    cells = {column: {"times": time, "answer": answers[column]} for column, time in zip(calls, times)}
    return {"loss": loss, "shape": shape_name(shape), "elements": math.prod(shape), "cells": cells}


def shape_name(shape):
    return "x".join(map(str, shape))


def machine():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(": ", 1)[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def notes():
    found = []
    if torch:
        found.append(f"PyTorch {torch.__version__}")
    if jax:
        found.append(f"JAX {jax.__version__}")
    place = "one processor" if PINNED else "their settings for one thread alone, unpinned (JAX has none that holds)"
    if not found:
        return ["Neither PyTorch nor JAX is installed, with numpy beside it."]
    return [f"{' and '.join(found)}, Python {platform.python_version()}: {place}, in turns with each other, in a process of their own."]


def table(results):
    lines = [f"{results['machine']}, {results['date']}. Nanoseconds an element, value and gradients in one call.", ""]
    lines.append("| loss | shape | " + " | ".join(COLUMNS) + " |")
    lines.append("| --- | --- |" + " ---: |" * len(COLUMNS))
    for row in results["rows"]:
        cells = []
        for column in COLUMNS:
            cell = row["cells"].get(column)
            number = cell["times"]["least"] * 1e9 / row["elements"] if cell else None
            cells.append("-" if number is None else f"{number:.3f}" if number < 1 else f"{number:.1f}")
        lines.append(f"| {row['loss']} | {row['shape']} | " + " | ".join(cells) + " |")
    return "\n".join(lines + [""] + [f"- {note}" for note in results["notes"]])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--milliseconds", type=int, default=1500, help="about how long a row takes")
    parser.add_argument("--only", help="only this loss, as huber, this shape, as 1000, or this row, as 'huber 1000'")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("results/torch_jax.json"))
    options = parser.parse_args()
    if torch:
        torch.set_num_threads(1)
        torch.set_num_interop_threads(1)
    rows = []
    for loss, shapes in SHAPES.items():
        for shape in shapes:
            named = f"{loss} {shape_name(shape)}"
            if options.only in [None, loss, shape_name(shape), named]:
                print(named, file=sys.stderr, flush=True)
                rows.append(row(loss, shape, options.milliseconds))
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    results = {"machine": machine(), "date": today, "notes": notes(), "rows": rows}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=2) + "\n")
    print(table(results))


if __name__ == "__main__":
    main()
