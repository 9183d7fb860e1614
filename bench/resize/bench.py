"""Our resize against Pillow's, one thread each, in turn; the bytes must be equal.

python bench/resize/bench.py PROGRAM [--rounds N]      PROGRAM: OUT/bench/mimdet_bench_resize; needs Pillow and NumPy
"""

import argparse
import pathlib
import sys
import tempfile

import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from alternate import Program, alternate, milliseconds, report  # noqa: E402

# (height, width) of the picture and of the result: shrinking, a little shrinking, enlarging, COCO's usual size.
CASES = [((3024, 4032), (800, 1067)), ((1080, 1920), (750, 1333)), ((1200, 1600), (800, 1067)), ((480, 640), (800, 1067)), ((360, 360), (800, 800))]


def picture(size):
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (*size, 3), dtype=np.uint8))


def compare(program, image, size, rounds, folder):
    source, result = folder / "in.ppm", folder / "out.raw"
    image.save(source)
    ours = Program(program, source, *size, result)
    medians, best = alternate(ours.run, lambda: milliseconds(lambda: image.resize(size[::-1], Image.BILINEAR)), rounds)
    ours.close()
    report(f"{image.height}x{image.width} -> {size[0]}x{size[1]}", medians, best)
    return result.read_bytes() == image.resize(size[::-1], Image.BILINEAR).tobytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        equal = [compare(arguments.program, picture(a), b, arguments.rounds, pathlib.Path(folder)) for a, b in CASES]
    print("all bytes equal" if all(equal) else f"NOT equal: {[c for c, e in zip(CASES, equal) if not e]}")
    sys.exit(not all(equal))


main()
