// Colours that can be told apart, the same as those of `mimdet draw`. Before it: state. After it: scene, list, classes.

/** `[red, green, blue]` of class or instance number `index`. */
export function colourOf(index) {
  const hue = (index * 137.508 + 205) % 360;
  const lightness = index % 2 === 0 ? 0.55 : 0.62;
  const reach = 0.85 * Math.min(lightness, 1 - lightness);
  return [0, 8, 4].map((offset) => {
    const k = (offset + hue / 30) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  });
}

/** Black or white, whichever can be read on the colour. */
export const readableOn = ([red, green, blue]) => (0.299 * red + 0.587 * green + 0.114 * blue > 140 ? '#000' : '#fff');

export const css = (colour) => `rgb(${colour.join(' ')})`;

/** A function from instance to colour: by class where there are several, else by instance. */
export function colouring(instances) {
  const several = new Set(instances.map(({ classId }) => classId)).size > 1;
  return (instance) => colourOf(several ? instance.classId : instance.index);
}
