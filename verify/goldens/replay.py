#!/usr/bin/env python3
"""Asks the installed PyTorch every question in pytorch.jsonl again.

    replay.py                      compare all cases, in double and single precision
    replay.py --loss CTCLoss       only this loss (may be repeated; nn class or functional name)
    replay.py --refresh            write PyTorch's answers into the file instead of comparing

Exit status: 0 all agree, 1 some differ, 2 PyTorch is not installed or the command line is wrong.
"""

import argparse
import json
import math
import pathlib
import struct
import sys
import warnings

CASES = pathlib.Path(__file__).with_name("pytorch.jsonl")

# torch.nn class -> torch.nn.functional name, and our names of its inputs where its own differ.
LOSSES = {
    "L1Loss": ("l1_loss", {}),
    "MSELoss": ("mse_loss", {}),
    "SmoothL1Loss": ("smooth_l1_loss", {}),
    "HuberLoss": ("huber_loss", {}),
    "KLDivLoss": ("kl_div", {}),
    "BCELoss": ("binary_cross_entropy", {}),
    "BCEWithLogitsLoss": ("binary_cross_entropy_with_logits", {}),
    "PoissonNLLLoss": ("poisson_nll_loss", {}),
    "GaussianNLLLoss": ("gaussian_nll_loss", {}),
    "MarginRankingLoss": ("margin_ranking_loss", {}),
    "HingeEmbeddingLoss": ("hinge_embedding_loss", {}),
    "SoftMarginLoss": ("soft_margin_loss", {}),
    "MultiLabelSoftMarginLoss": ("multilabel_soft_margin_loss", {}),
    "MultiMarginLoss": ("multi_margin_loss", {}),
    "MultiLabelMarginLoss": ("multilabel_margin_loss", {}),
    "NLLLoss": ("nll_loss", {}),
    "CrossEntropyLoss": ("cross_entropy", {}),
    "CosineEmbeddingLoss": ("cosine_embedding_loss", {}),
    "TripletMarginLoss": ("triplet_margin_loss", {}),
    "TripletMarginWithDistanceLoss": ("triplet_margin_with_distance_loss", {}),
    "CTCLoss": ("ctc_loss", {"input": "log_probs", "target": "targets"}),
}

# Inputs that PyTorch takes as constants; all other floats get a gradient when a case has none on record.
CONSTANTS = {"weight", "pos_weight"}


def import_torch():
    """PyTorch, or a message that says how to get it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import torch
    except ImportError as error:
        sys.stderr.write(
            f"{pathlib.Path(sys.argv[0]).name}: PyTorch cannot be imported ({error}).\n"
            "Install it, for example into an environment of its own:\n"
            "    python3 -m venv torch-env && torch-env/bin/pip install torch==2.15.0\n"
            f"    torch-env/bin/python {sys.argv[0]}\n"
            "Nothing else needs it: the tests read the answers on file.\n"
        )
        sys.exit(2)
    torch.use_deterministic_algorithms(True)
    # The order of a sum depends on the number of threads.
    torch.set_num_threads(1)
    return torch


def number(value):
    """A number as JSON has it: nan, inf and -inf are strings."""
    return float(value) if isinstance(value, str) else value


def tensor(torch, entry, dtype):
    """The tensor of an input or an upstream gradient."""
    dtype = torch.int64 if entry.get("kind") == "int" else dtype
    return torch.tensor([number(value) for value in entry["data"]], dtype=dtype).reshape(entry["shape"])


def distance(torch, name):
    """The distance functions that the cases of TripletMarginWithDistanceLoss name."""
    functional = torch.nn.functional
    if name == "pairwise":
        return functional.pairwise_distance
    if name == "cosine_distance":
        return lambda a, b: 1.0 - functional.cosine_similarity(a, b)
    if name == "squared_l2":
        return lambda a, b: (a - b).pow(2).sum(-1)
    raise ValueError(f"unknown distance {name!r}")


def evaluate(torch, case, dtype):
    """What PyTorch answers in this precision: value and gradients, or its error."""
    name, renamed = LOSSES[case["loss"]]
    options = dict(case["options"])
    if "distance" in options:
        options["distance_function"] = distance(torch, options.pop("distance"))
    is_logits = options.pop("input_is_logits", False)
    inputs = {name: tensor(torch, entry, dtype) for name, entry in case["inputs"].items()}
    for recorded in (case["expect"].get("f64"), case["expect"].get("f32")):
        if recorded and "grads" in recorded:
            watched = set(recorded["grads"])
            break
    else:
        watched = {name for name, entry in case["inputs"].items() if entry["kind"] == "float"} - CONSTANTS
    for key in watched:
        inputs[key].requires_grad_()
    arguments = {renamed.get(key, key): value for key, value in inputs.items()}
    if is_logits:
        arguments["log_probs"] = torch.log_softmax(inputs["input"], -1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = getattr(torch.nn.functional, name)(**arguments, **options)
        upstream = case.get("upstream")
        seed = torch.ones_like(value) if upstream is None else tensor(torch, upstream, dtype)
        if watched:
            value.backward(seed)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        return {"error": {"type": type(error).__name__, "message": str(error)}}
    keys = [key for key in case["inputs"] if key in watched]
    gradients = {key: inputs[key].grad for key in keys}
    return {
        "value": written(torch, value.detach()),
        "grads": {
            key: written(torch, torch.zeros_like(inputs[key]) if gradient is None else gradient)
            for key, gradient in gradients.items()
        },
    }


def written(torch, answer):
    """A tensor as the file has it: the shortest decimals that read back to the same bits."""
    shorten = shortest_single if answer.dtype == torch.float32 else float
    data = [shorten(value) for value in answer.flatten().tolist()]
    return {
        "shape": list(answer.shape),
        "data": [value if math.isfinite(value) else str(value) for value in data],
    }


def shortest_single(value):
    """The double whose decimals are the shortest that name this single."""
    if not math.isfinite(value):
        return value
    single = struct.pack("f", value)
    for digits in range(1, 10):
        candidate = float(f"{value:.{digits}g}")
        if abs(candidate) < 3.5e38 and fits_single(candidate) and struct.pack("f", candidate) == single:
            return candidate
    return value


def fits_single(value):
    try:
        struct.pack("f", value)
    except OverflowError:
        return False
    return True


def ulps(ours, theirs, is_single):
    """How many representable numbers lie between two; infinite if only one of them is NaN or infinite."""
    ours, theirs = number(ours), number(theirs)
    if math.isnan(ours) or math.isnan(theirs):
        return 0.0 if math.isnan(ours) and math.isnan(theirs) else math.inf
    if ours == theirs:
        return 0.0
    if math.isinf(ours) or math.isinf(theirs):
        return math.inf
    float_code, integer_code, sign = ("f", "i", 1 << 31) if is_single else ("d", "q", 1 << 63)

    def place(value):
        bits = struct.unpack(integer_code, struct.pack(float_code, value))[0]
        return bits if bits >= 0 else -(bits + sign)

    return float(abs(place(ours) - place(theirs)))


def scaled_ulps(ours, theirs, is_single):
    """The worst distance in an array, an element's unit being no finer than that of a 1000th of the largest one.

    Sums that cancel are as exact as their terms, not as their result.
    """
    finite = [abs(number(value)) for value in theirs if math.isfinite(number(value))]
    floor = max(finite, default=0.0) / 1000
    epsilon = 2.0**-23 if is_single else 2.0**-52
    worst = 0.0
    for one, other in zip(ours, theirs):
        apart = ulps(one, other, is_single)
        if math.isfinite(apart) and floor > 0:
            apart = min(apart, abs(number(one) - number(other)) / (floor * epsilon))
        worst = max(worst, apart)
    return worst


def differences(answer, recorded, is_single, limit):
    """What differs, as sentences."""
    if "error" in recorded or "error" in answer:
        ours, theirs = recorded.get("error"), answer.get("error")
        if ours is None or theirs is None:
            return [f"error on file {ours and ours['type']}, now {theirs}"]
        if ours != theirs:
            return [f"error on file {ours['type']}: {ours['message']}\n      now {theirs['type']}: {theirs['message']}"]
        return []
    found = []
    pairs = [("value", recorded["value"], answer["value"])]
    pairs += [(f"gradient of {key}", entry, answer["grads"].get(key)) for key, entry in recorded["grads"].items()]
    for what, on_file, now in pairs:
        if now is None or on_file["shape"] != now["shape"]:
            found.append(f"{what}: shape on file {on_file['shape']}, now {now and now['shape']}")
            continue
        worst = scaled_ulps(on_file["data"], now["data"], is_single)
        if worst > limit:
            place = max(range(len(now["data"])), key=lambda i: ulps(on_file["data"][i], now["data"][i], is_single))
            found.append(
                f"{what}: {worst:.3g} ULP apart; at {place} on file {on_file['data'][place]}, now {now['data'][place]}"
            )
    return found


def selected(names):
    """The nn class names that were asked for."""
    functional = {name: loss for loss, (name, _) in LOSSES.items()}
    unknown = [name for name in names if name not in LOSSES and name not in functional]
    if unknown:
        sys.stderr.write(f"replay.py: unknown loss {', '.join(unknown)}; known are {', '.join(LOSSES)}\n")
        sys.exit(2)
    return {functional.get(name, name) for name in names} or set(LOSSES)


def main():
    parser = argparse.ArgumentParser(description="Replays PyTorch's reference cases through the installed PyTorch.")
    parser.add_argument("--loss", action="append", default=[], help="only this loss; may be repeated")
    parser.add_argument("--refresh", action="store_true", help="write PyTorch's answers into the file")
    parser.add_argument("--ulps", type=float, default=16, help="how far two answers may lie apart (default 16)")
    parser.add_argument("--file", type=pathlib.Path, default=CASES, help="the cases (default pytorch.jsonl here)")
    options = parser.parse_args()
    losses = selected(options.loss)
    torch = import_torch()
    print(f"PyTorch {torch.__version__}, {options.file.name}")

    cases = [json.loads(line) for line in options.file.read_text().splitlines()]
    counts, worst_cases, changed = {}, [], 0
    for case in cases:
        if case["loss"] not in losses:
            continue
        for precision, dtype in (("f64", torch.float64), ("f32", torch.float32)):
            if precision not in case["expect"]:
                continue
            answer = evaluate(torch, case, dtype)
            found = differences(answer, case["expect"][precision], precision == "f32", options.ulps)
            seen, different = counts.get(case["loss"], (0, 0))
            counts[case["loss"]] = (seen + 1, different + bool(found))
            worst_cases += [f"{case['id']} {precision} [{', '.join(case['tags'])}] {text}" for text in found]
            if options.refresh and case["expect"][precision] != answer:
                case["expect"][precision] = answer
                changed += 1
    for text in worst_cases:
        print("  " + text)
    for loss, (seen, different) in sorted(counts.items()):
        print(f"{loss:32} {seen:4} answers, {different:3} differ")
    total = sum(seen for seen, _ in counts.values())
    different = sum(count for _, count in counts.values())
    print(f"{'all':32} {total:4} answers, {different:3} differ")
    if options.refresh:
        text = "".join(json.dumps(case, separators=(",", ":"), ensure_ascii=False) + "\n" for case in cases)
        options.file.write_text(text)
        print(f"{changed} answers rewritten in {options.file}")
        return 0
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
