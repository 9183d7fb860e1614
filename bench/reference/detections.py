"""Reference data of a model, test/golden/nuclei for one: what the reference finds with its weights, and the AP that pycocotools gives for that.

    python detections.py --peer PEER.py --weights W.safetensors --data val.json --out FOLDER [--first 8] [--threads 2]

PEER.py answers a picture's path on standard input with a line of JSON (bench/README.md); the pictures lie in the folder of the JSON's name. Writes
config.json (the weights' own), detections_val_first8.json and expected_ap.json. Needs pycocotools and safetensors.
"""
import argparse
import contextlib
import io
import json
import os
import subprocess
import sys

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from safetensors import safe_open


def results_of(picture, answer, category_ids):
    size = [picture["height"], picture["width"]]
    for box, score, label, counts in zip(answer["boxes"], answer["scores"], answer["classes"], answer["masks"]):
        x1, y1, x2, y2 = box
        yield {"image_id": picture["id"], "category_id": category_ids[label], "bbox": [x1, y1, x2 - x1, y2 - y1], "score": score,
               "segmentation": {"size": size, "counts": counts}}


def detect_all(arguments, config_file, truth):
    command = [sys.executable, arguments.peer, "detect", "--config", config_file, "--weights", arguments.weights, "--results",
               "--threads", str(arguments.threads)]
    peer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    peer.stdout.readline()  # that it is ready
    category_ids = [category["id"] for category in truth["categories"]]
    results = []
    for picture in truth["images"]:
        print(os.path.join(arguments.data[: -len(".json")], picture["file_name"]), file=peer.stdin, flush=True)
        results += results_of(picture, json.loads(peer.stdout.readline()), category_ids)
    peer.stdin.close()
    return results


def average_precision(truth_file, results, iou_type, most):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(truth_file)
        own = [{key: value for key, value in one.items() if key != "bbox"} for one in results] if iou_type == "segm" else results
        evaluation = COCOeval(truth, truth.loadRes(own), iou_type)
        evaluation.params.maxDets = [1, 10, most]
        evaluation.evaluate()
        evaluation.accumulate()

    def mean(values):
        return float(values[values > -1].mean())

    precision, recall = evaluation.eval["precision"][..., 0, 2], evaluation.eval["recall"][..., 0, 2]
    return {"AP": mean(precision), "AP50": mean(precision[0]), "AP75": mean(precision[5]), "AR": mean(recall)}


def main():
    parser = argparse.ArgumentParser()
    for name in ("peer", "weights", "data", "out"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--first", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    with open(arguments.data) as file:
        truth = json.load(file)
    with safe_open(arguments.weights, "pt") as weights:
        config = json.loads(weights.metadata()["config"])

    def write(name, value, indent=None):
        with open(os.path.join(arguments.out, name), "w") as file:
            json.dump(value, file, indent=indent)
            file.write("\n")

    os.makedirs(arguments.out, exist_ok=True)
    write("config.json", config, 1)
    results = detect_all(arguments, os.path.join(arguments.out, "config.json"), truth)
    first = {picture["id"] for picture in truth["images"][: arguments.first]}
    write(f"detections_val_first{arguments.first}.json", [one for one in results if one["image_id"] in first])
    kinds = [(iou_type, most) for iou_type in ("bbox", "segm") for most in (100, 500)]
    expected = {f"{iou_type}@{most}": average_precision(arguments.data, results, iou_type, most) for iou_type, most in kinds}
    write("expected_ap.json", expected, 1)
    print(json.dumps(expected, indent=1))


if __name__ == "__main__":
    main()
