// Where the picture lies on the stage: a scale and an offset. Before it: stage-input. After it: scene.
// `{ scale, x, y }`: a point (u, v) of the picture is seen at (x + scale · u, y + scale · v), in CSS pixels of the stage.

/** The whole picture in the middle, with a margin; small ones are enlarged, but not beyond eight times. */
export function fitView({ width, height }, stage, margin = 12) {
  const room = { width: Math.max(1, stage.width - 2 * margin), height: Math.max(1, stage.height - 2 * margin) };
  const scale = Math.min(room.width / width, room.height / height, 8);
  return { scale, x: (stage.width - scale * width) / 2, y: (stage.height - scale * height) / 2 };
}

/** Scales by `factor`, so that the point of the stage stays where it is. */
export function zoomView(view, factor, point, picture, stage) {
  const least = fitView(picture, stage).scale / 2;
  const scale = Math.min(Math.max(view.scale * factor, least), Math.max(40, least));
  const ratio = scale / view.scale;
  const moved = { scale, x: point.x - ratio * (point.x - view.x), y: point.y - ratio * (point.y - view.y) };
  return keepInSight(moved, picture, stage);
}

export function panView(view, dx, dy, picture, stage) {
  return keepInSight({ ...view, x: view.x + dx, y: view.y + dy }, picture, stage);
}

/** Moved, where need be, so that the middle of the box is seen. */
export function showBox(view, [x1, y1, x2, y2], picture, stage) {
  const x = view.x + (view.scale * (x1 + x2)) / 2;
  const y = view.y + (view.scale * (y1 + y2)) / 2;
  if (x >= 0 && x <= stage.width && y >= 0 && y <= stage.height) return view;
  return panView(view, stage.width / 2 - x, stage.height / 2 - y, picture, stage);
}

/** A picture never leaves the stage: what is smaller stays inside, what is larger covers the middle. */
function keepInSight(view, picture, stage) {
  const along = (offset, length, room) => {
    const free = room - length;
    if (free >= 0) return Math.min(Math.max(offset, 0), free);
    return Math.min(Math.max(offset, Math.min(free, room / 2 - length)), Math.max(0, room / 2));
  };
  return {
    ...view,
    x: along(view.x, view.scale * picture.width, stage.width),
    y: along(view.y, view.scale * picture.height, stage.height),
  };
}

export function toPicture({ scale, x, y }, point) {
  return { x: (point.x - x) / scale, y: (point.y - y) / scale };
}
