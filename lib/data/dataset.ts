// A data set as training and evaluation know it, whatever form it had on the disk: pictures with their objects, classes by
// number.
// Before it: the readers coco, voc, yolo. After it: lib/train, to-coco, the check report.

export type DatasetForm = 'coco' | 'voc' | 'yolo';

/** x1, y1, x2, y2 in pixels of the picture as it is seen, from 0; x2 and y2 lie just behind the last pixel. */
export type DatasetBox = [x1: number, y1: number, x2: number, y2: number];

/** COCO's compressed run lengths. */
export interface DatasetRle {
  size: [height: number, width: number];
  counts: string;
}

export interface DatasetObject {
  /** The annotation's id in COCO form, else a number that counts from 1 through the data set. */
  id: number;
  /** Index into `classes`. */
  classId: number;
  box: DatasetBox;
  /** Rings x0 y0 x1 y1 …; never together with `rle`. */
  polygons?: number[][];
  rle?: DatasetRle;
  /** A region of many objects, or one that is too hard to judge: ignored in training, forgiven in evaluation. */
  crowd: boolean;
  /** COCO's own, in pixels: which of the sizes small, medium, large it counts for in evaluation. */
  area?: number;
}

export interface DatasetPicture {
  /** Unique in its data set; COCO's own id where there is one. */
  id: number;
  /** Absolute path. */
  file: string;
  /** As it is seen (EXIF applied), like the pictures that `decodeImage` gives. */
  width: number;
  height: number;
  objects: DatasetObject[];
}

export interface Dataset {
  /** Path of the JSON or folder, for messages. */
  name: string;
  form: DatasetForm;
  classes: string[];
  /** Category ids in the order of `classes`: COCO's own, else 1, 2, … */
  categoryIds: number[];
  /** Also those without objects (evaluation needs them; training leaves them out). */
  pictures: DatasetPicture[];
  /** Of the objects that are no crowd. */
  masks: 'all' | 'some' | 'none';
}

export type FaultCode =
  | 'unreadable-file' // a JSON, XML, YAML or label file that cannot be read or understood
  | 'wrong-type'
  | 'unreadable-picture'
  | 'missing-picture'
  | 'path-outside'
  | 'wrong-size'
  | 'duplicate-id'
  | 'unknown-category'
  | 'unknown-picture'
  | 'no-area'
  | 'box-outside'
  | 'bad-polygon'
  | 'bad-mask'
  | 'not-a-number'
  | 'no-objects';

/** One fault of a data set. What it touches (an annotation, a picture with its annotations, a file) is left out. */
export interface DatasetFault {
  /** As the user would look for it: path of the JSON, XML, label file or picture. */
  file: string;
  /** Id of the annotation (COCO), or its number in the file, from 1 (line in YOLO, object in VOC). */
  annotation?: number | string;
  /** The class or category id (or name) that is meant. */
  class?: number | string;
  code: FaultCode;
  message: string;
  /** Nothing of the part can be used. */
  fatal?: boolean;
}

/** Told while pictures' headers are read, so that a bar can be drawn. */
export type CheckProgress = (done: number, total: number) => void;
