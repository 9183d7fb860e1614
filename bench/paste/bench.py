"""Our mask pasting and coding against detectron2's paste_masks_in_image and pycocotools' encode, in turn, on the same number of threads.

python bench/paste/bench.py PROGRAM [--rounds N] [--threads N]      PROGRAM: OUT/bench/mimdet_bench_paste; needs detectron2 and pycocotools
"""

import argparse
import importlib.util
import pathlib
import sys
import tempfile

import numpy as np
import torch
from pycocotools import mask as coco_mask

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from alternate import Program, alternate, milliseconds, report  # noqa: E402


def detectron2_paste():
    """paste_masks_in_image from its file alone: the package's other layers need a torchvision that fits."""
    layers = pathlib.Path(importlib.util.find_spec("detectron2").submodule_search_locations[0]) / "layers"
    spec = importlib.util.spec_from_file_location("mask_ops", layers / "mask_ops.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.paste_masks_in_image


paste_masks_in_image = detectron2_paste()
CASES = [(100, 800, 1333, 0.3), (100, 800, 1333, 0.1), (100, 480, 640, 0.3), (10, 360, 360, 0.1)]  # masks, height, width, mean side of a box


def blobs(masks, cells, rng):
    """Round-ish masks with soft borders, as a mask head gives them."""
    place = (np.arange(cells) + 0.5) / cells * 2 - 1
    angle, radius = np.arctan2(place[:, None], place[None]), np.hypot(place[:, None], place[None])
    waves = rng.uniform(0.6, 0.95, (masks, 1, 1)) + rng.uniform(0, 0.15, (masks, 1, 1)) * np.sin(rng.integers(2, 6, (masks, 1, 1)) * angle)
    return (1 / (1 + np.exp((radius - waves) * 20))).astype(np.float32)


def boxes(masks, height, width, side, rng):
    sides = np.clip(rng.exponential(side, (masks, 2)), 0.02, 1) * [width, height]
    corner = rng.uniform(0, 1, (masks, 2)) * ([width, height] - sides)
    return np.concatenate([corner, corner + sides], 1).astype(np.float32)


def paste_and_encode(probabilities, xyxy, size):
    pasted = paste_masks_in_image(probabilities, xyxy, size, threshold=0.5)
    return [coco_mask.encode(np.array(mask[:, :, None], order="F", dtype="uint8"))[0] for mask in pasted.numpy()]


def compare(program, case, arguments, folder):
    masks, height, width, side = case
    rng = np.random.default_rng(0)
    probabilities, xyxy = blobs(masks, 28, rng), boxes(masks, height, width, side, rng)
    source, result = folder / "in", folder / "out"
    source.write_bytes(np.array([masks, 28, height, width], np.int64).tobytes() + probabilities.tobytes() + xyxy.tobytes())
    given = torch.from_numpy(probabilities), torch.from_numpy(xyxy), (height, width)
    ours = Program(program, source, result, arguments.threads)
    medians, best = alternate(ours.run, lambda: milliseconds(lambda: paste_and_encode(*given)), arguments.rounds)
    ours.close()
    report(f"{masks} masks, {height}x{width}, side {side}", medians, best)
    return differing_pixels(result.read_text().split("\n")[:-1], paste_and_encode(*given), (height, width))


def differing_pixels(ours, theirs, size):
    decode = lambda counts: coco_mask.decode({"size": list(size), "counts": counts})
    return sum(int((decode(a.encode()) != decode(b["counts"])).sum()) for a, b in zip(ours, theirs, strict=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        differing = [compare(arguments.program, case, arguments, pathlib.Path(folder)) for case in CASES]
    print(f"pixels that differ: {differing} (a few may: probabilities within rounding of 0.5)")


main()
