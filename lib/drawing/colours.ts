// Colours that can be told apart: hues a golden angle apart never repeat and neighbours differ. Before it: draw.ts.
import type { Colour } from './canvas.js';

/** The colour of class or instance number `index`. */
export function colourOf(index: number): Colour {
  const hue = (index * 137.508 + 205) % 360;
  return hslToRgb(hue, 0.85, index % 2 === 0 ? 0.55 : 0.62);
}

/** Black or white, whichever can be read on the colour. */
export function readableOn([red, green, blue]: Colour): Colour {
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? [0, 0, 0] : [255, 255, 255];
}

function hslToRgb(hue: number, saturation: number, lightness: number): Colour {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (offset: number) => {
    const k = (offset + hue / 30) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}
