import mimdet = require('mimdet');

export async function size(path: string): Promise<[number, number]> {
  const picture = await mimdet.decodeImage(path);
  return [picture.width, picture.height];
}
