"""Expected clusterings for algorithms.test.ts: `pip install scikit-learn==1.9.1 hdbscan==0.8.44`, then run it here.

The vectors are written too (float32, base64), so that the tests need no Python and no generator in two languages.
"""

import base64
import json
from pathlib import Path

import hdbscan
import numpy as np
from sklearn.cluster import KMeans

random = np.random.default_rng(20261125)


def unit(x):
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def around(centre, n, spread):
    return centre + spread * random.normal(size=(n, len(centre))) / np.sqrt(len(centre))


def directions(k, d):
    return unit(random.normal(size=(k, d)))


def blobs():
    centres = directions(6, 12)
    sizes, spreads = (80, 60, 50, 40, 30, 25), (0.1, 0.2, 0.3, 0.4, 0.25, 0.5)
    return unit(np.vstack([around(c, n, s) for c, n, s in zip(centres, sizes, spreads)] + [directions(40, 12)]))


def moons():
    t = np.linspace(0, np.pi, 120)
    upper = np.column_stack([np.cos(t), np.sin(t)])
    lower = np.column_stack([1 - np.cos(t), 0.4 - np.sin(t)])
    flat = np.vstack([upper, lower]) + 0.03 * random.normal(size=(240, 2))
    return unit(np.column_stack([0.4 * flat, np.full(240, 1.0)]))


def repeated():
    centres = directions(4, 8)
    base = np.vstack([around(c, 12, 0.15) for c in centres])
    return unit(np.vstack([base, base, base, directions(15, 8)]))


sets = {
    "blobs of unlike density": (blobs(), 6, 10, 5),
    "moons on a sphere": (moons(), 4, 12, 5),
    "uniform noise": (directions(150, 16), 3, 20, 10),
    "one cluster": (unit(around(directions(1, 8)[0], 80, 0.2)), 1, 15, 5),
    "every vector three times": (repeated(), 4, 9, 4),
}

expected = []
for name, (x, k, size, samples) in sets.items():
    row = {"name": name, "d": x.shape[1], "vectors": base64.b64encode(x.tobytes()).decode(), "k": k}
    row["inertia"] = float(KMeans(k, n_init=20, random_state=0).fit(x).inertia_)
    row["minClusterSize"], row["minSamples"] = size, samples
    for selection in ("eom", "leaf"):
        found = hdbscan.HDBSCAN(
            min_cluster_size=size, min_samples=samples, cluster_selection_method=selection, algorithm="generic"
        ).fit(x.astype(np.float64))
        row[selection] = found.labels_.tolist()
        print(name, selection, np.unique(found.labels_, return_counts=True))
    row["outlierScores"] = [round(float(s), 5) for s in found.outlier_scores_]
    expected.append(row)
Path(__file__).with_name("expected.json").write_text(json.dumps(expected) + "\n")
