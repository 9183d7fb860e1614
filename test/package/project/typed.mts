import { Detector, MimdetError, type Detections } from 'mimdet';

export async function count(path: string): Promise<number> {
  const detector = await Detector.load('nuclei', { device: 'auto' });
  const found: Detections = await detector.detect(path, { scoreThreshold: 0.5 });
  await detector.close();
  return found.length;
}

// @ts-expect-error a device is text
void Detector.load('nuclei', { device: 1 });

export const isOurs = (error: unknown): boolean => error instanceof MimdetError;
