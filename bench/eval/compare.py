"""Times the evaluation against pycocotools, both sides in turn in one run, and compares their twelve numbers bit for bit.

    python compare.py EVAL_BENCH FOLDER [--rounds 3] [--threads 2] [--types bbox,segm]

EVAL_BENCH is the program (`ninja eval_bench`), FOLDER holds gt.json and dt.json (`eval_bench make FOLDER`). Needs pycocotools and numpy.

Timed, wall clock, each round from the files again, because pycocotools converts the masks in place:
  load      pycocotools: COCO(gt), json.load(dt), loadRes      ours: read and parse both files
  evaluate  pycocotools: evaluate + accumulate + summarize     ours: evaluate() with masks still as they are written in the files
"""
import argparse
import contextlib
import io
import json
import statistics
import subprocess
import time

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def run_reference(folder, iou_type):
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        truth = COCO(f"{folder}/gt.json")
        with open(f"{folder}/dt.json") as file:
            results = json.load(file)
        if iou_type == "segm":  # area and box then come from the mask
            for result in results:
                del result["bbox"]
        found = truth.loadRes(results)
        loaded = time.perf_counter()
        evaluation = COCOeval(truth, found, iou_type)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        end = time.perf_counter()
    return {"load": loaded - start, "evaluate": end - loaded, "stats": [float(number) for number in evaluation.stats]}


def run_ours(program, iou_type):
    program.stdin.write(iou_type + "\n")
    program.stdin.flush()
    return json.loads(program.stdout.readline())


def report(iou_type, ours, theirs):
    def median(runs, key):
        return statistics.median(sum(run[k] for k in key) for run in runs)

    for name, key in (("evaluate", ["evaluate"]), ("load + evaluate", ["load", "evaluate"])):
        a, b = median(theirs, key), median(ours, key)
        print(f"{iou_type:5} {name:16} pycocotools {a:8.2f} s   mimdet {b:7.3f} s   {a / b:6.1f} times")
    equal = all(run["stats"] == theirs[0]["stats"] for run in ours + theirs)
    print(f"{iou_type:5} the twelve numbers are {'equal bit for bit' if equal else 'DIFFERENT'}")
    return equal


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--types", default="bbox,segm")
    options = parser.parse_args()
    command = [options.program, "serve", f"{options.folder}/gt.json", f"{options.folder}/dt.json", str(options.threads)]
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    equal = True
    for iou_type in options.types.split(","):
        ours, theirs = [], []
        for _ in range(options.rounds):
            theirs.append(run_reference(options.folder, iou_type))
            ours.append(run_ours(program, iou_type))
        equal &= report(iou_type, ours, theirs)
    program.stdin.close()
    program.wait()
    raise SystemExit(0 if equal else 1)


if __name__ == "__main__":
    main()
