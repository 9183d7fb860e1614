// Finds nuclei in the first example picture of the package, or says why not.
const { readdirSync } = require('node:fs');
const { dirname, join } = require('node:path');

exports.detectOne = async (Detector) => {
  const pictures = join(dirname(require.resolve('mimdet/package.json')), 'examples', 'pictures');
  const picture = readdirSync(pictures).find((name) => name.endsWith('.png'));
  try {
    const detector = await Detector.load('nuclei');
    const found = await detector.detect(join(pictures, picture), { scoreThreshold: 0.5 });
    console.log(`found ${found.length} ${found.instances[0].className}`);
    await detector.close();
  } catch (error) {
    console.log(`${error.code}: ${error.message}`);
  }
};
