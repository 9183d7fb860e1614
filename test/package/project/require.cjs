const { Detector } = require('mimdet');
const { detectOne } = require('./detect-one.cjs');

detectOne(Detector);
