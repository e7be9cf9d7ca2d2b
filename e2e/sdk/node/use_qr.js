'use strict';

// jsQR, which many pages scan with, reads the pictures that Python's half has left.

const fs = require('node:fs');
const path = require('node:path');

const jsQR = require('jsqr');
const { PNG } = require('pngjs');

const { check, group, same } = require('./checks');

const { PICTURES } = process.env;

exports.run = async () => {
  group('QR code');
  const pictures = fs.readdirSync(PICTURES).filter((file) => file.endsWith('.png'));
  await check('the pictures are there', () => same(pictures.length, 6));
  for (const file of pictures.sort()) {
    const [name, percent] = path.parse(file).name.split('-');
    await check(`${name}'s at ${percent} % is read by jsQR`, () => {
      const { data, width, height } = PNG.sync.read(fs.readFileSync(path.join(PICTURES, file)));
      const text = fs.readFileSync(path.join(PICTURES, `${name}.txt`), 'utf8');
      same(jsQR(new Uint8ClampedArray(data), width, height)?.data, text);
    });
  }
};
