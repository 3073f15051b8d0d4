#!/usr/bin/env python3
"""Checks what the specs say of PyTorch: `differs_from_pytorch` quotes its answers under `theirs`, here PyTorch is asked.

    differences.py                 all specs (needs PyTorch and PyYAML)
    differences.py --spec nll      only this one (may be repeated)

Every input and parameter goes to the function of `torch.nn.functional` that the spec names, in double precision.
Exit status: 0 all quotes are right, 1 some are not, 2 something is not installed.
"""

import argparse
import pathlib
import sys
import warnings

from replay import import_torch, number, ulps

SPECS = pathlib.Path(__file__).parents[2] / "specs"


def flat(data):
    """The numbers of nested lists, in order."""
    if isinstance(data, list):
        return [leaf for part in data for leaf in flat(part)]
    return [number(data)]


def tensor(torch, spec, name, data):
    """An input of a spec as PyTorch wants it: class indices as integers, all else as doubles."""
    is_index = str(spec["inputs"][name].get("label", "")).startswith("class_index")

    def read(part):
        return [read(inner) for inner in part] if isinstance(part, list) else number(part)

    return torch.tensor(read(data), dtype=torch.int64 if is_index else torch.float64)


def ask(torch, spec, given, reduction):
    """PyTorch's values under this reduction, and its gradients by input."""
    inputs = {name: tensor(torch, spec, name, data) for name, data in given.items() if name in spec["inputs"]}
    options = {name: number(data) for name, data in given.items() if name not in inputs}
    watched = [name for name in inputs if spec["inputs"][name].get("gradient")]
    for name in watched:
        inputs[name].requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        function = getattr(torch.nn.functional, spec["pytorch"]["function"])
        value = function(**inputs, **options, reduction=reduction)
    value.sum().backward()
    return value.detach().flatten().tolist(), {name: inputs[name].grad.flatten().tolist() for name in watched}


def agree(quoted, answered):
    """Equal but for the last few bits; the sign of zero does not count."""
    return len(quoted) == len(answered) and all(ulps(a, b, False) <= 8 for a, b in zip(quoted, answered))


def wrong_quotes(torch, spec, difference):
    """The parts of `theirs` that PyTorch does not say, as sentences."""
    found = []
    for reduction, quoted in difference["theirs"].items():
        if reduction == "error":
            found += wrong_errors(torch, spec, difference["given"], quoted)
        elif reduction == "gradient":
            _, gradients = ask(torch, spec, difference["given"], "none")
            for name, data in quoted.items():
                if not agree(flat(data), gradients[name]):
                    found.append(f"gradient of {name}: quoted {data}, PyTorch says {gradients[name]}")
        else:
            value, _ = ask(torch, spec, difference["given"], reduction)
            if not agree(flat(quoted), value):
                found.append(f"{reduction}: quoted {quoted}, PyTorch says {value}")
    return found


def wrong_errors(torch, spec, given, reductions):
    found = []
    for reduction in reductions:
        try:
            value, _ = ask(torch, spec, given, reduction)
            found.append(f"{reduction}: quoted an error, PyTorch says {value}")
        except (RuntimeError, ValueError, IndexError, TypeError):
            pass
    return found


def main():
    parser = argparse.ArgumentParser(description="Checks what the specs quote of PyTorch against the installed one.")
    parser.add_argument("--spec", action="append", default=[], help="only this spec; may be repeated")
    options = parser.parse_args()
    try:
        import yaml
    except ImportError:
        sys.stderr.write("differences.py: PyYAML is not installed: pip install pyyaml\n")
        return 2
    torch = import_torch()
    checked, wrong = 0, 0
    for path in sorted(SPECS.glob("*.yaml")):
        if options.spec and path.stem not in options.spec:
            continue
        spec = yaml.safe_load(path.read_text())
        for difference in spec.get("differs_from_pytorch", []):
            if "given" not in difference:
                continue
            checked += 1
            for text in wrong_quotes(torch, spec, difference):
                wrong += 1
                print(f"  {path.stem}: {difference['what']}: {text}")
    print(f"PyTorch {torch.__version__}: {checked} quoted differences, {wrong} wrong")
    return 1 if wrong or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
