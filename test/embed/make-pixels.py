"""Writes pixels.json: what CLIP is given of a picture, by Pillow and numpy as transformers' CLIPImageProcessor does it.

    pip install pillow==13.0.0 numpy==2.4.6 && python test/embed/make-pixels.py

The picture is made by a formula that image-embedder.test.ts repeats, 1000 × 760 pixels and lying down. Of the
224 × 224 values of each colour every 31st row and column is kept.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image

mean = np.array([0.48145466, 0.4578275, 0.40821073])
std = np.array([0.26862954, 0.26130258, 0.27577711])
side = 224

y, x = np.mgrid[0:760, 0:1000]
picture = np.stack([x * 255 // 999, y * 255 // 759, (x // 40 + y // 40) % 2 * 200], axis=-1).astype(np.uint8)
image = Image.fromarray(picture)

width, height = image.size
shorter = min(width, height)
# transformers.image_transforms.get_resize_output_image_size: the longer side is rounded down.
image = image.resize((side * width // shorter, side * height // shorter), Image.Resampling.BICUBIC)
left, top = (image.width - side) // 2, (image.height - side) // 2
square = np.asarray(image.crop((left, top, left + side, top + side)))
normalised = (square / 255 - mean) / std
kept = normalised.transpose(2, 0, 1)[:, ::31, ::31]
Path(__file__).with_name("pixels.json").write_text(json.dumps(kept.round(4).ravel().tolist()) + "\n")
