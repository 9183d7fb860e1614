import { Detector } from 'mimdet';
import { detectOne } from './detect-one.cjs';

await detectOne(Detector);
