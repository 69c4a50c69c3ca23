"""Times the peers of the cluster benchmark: one JSON object in, one out. What is loaded and compiled is not timed."""
import json
import sys
import time

import numpy as np


def timed(run):
    start = time.perf_counter()
    result = run()
    return (time.perf_counter() - start) * 1000, result


def least(run):
    """Of three runs, as for ours: what else the machine does and first calls fall away."""
    return min((timed(run) for _ in range(3)), key=lambda one: one[0])


def similarity(vectors, centroids):
    unit = centroids / np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-9)
    return float(np.mean((vectors @ unit.T.astype(np.float32)).max(axis=1)))


def figure(ms, vectors, centroids):
    return {"ms": ms, "meanSimilarity": similarity(vectors, centroids)}


def kmeans(vectors, k, passes, threads):
    import faiss
    from sklearn.cluster import KMeans, MiniBatchKMeans

    faiss.omp_set_num_threads(threads)
    seeds = vectors[:k].copy()
    lloyd = KMeans(k, init=seeds, n_init=1, max_iter=passes, tol=0, algorithm="lloyd")
    lloyd_ms, _ = least(lambda: lloyd.fit(vectors))
    every = len(vectors) // k + 1
    quantiser = faiss.Kmeans(
        vectors.shape[1], k, niter=passes, spherical=True, max_points_per_centroid=every, seed=1
    )
    faiss_ms, _ = least(lambda: quantiser.train(vectors, init_centroids=seeds))
    batches = MiniBatchKMeans(k, n_init=1, max_iter=10, batch_size=1024, random_state=0)
    batches_ms, _ = least(lambda: batches.fit(vectors))
    return {
        "lloyd": {**figure(lloyd_ms, vectors, lloyd.cluster_centers_), "passes": int(lloyd.n_iter_)},
        "faiss": figure(faiss_ms, vectors, quantiser.centroids),
        "batches": figure(batches_ms, vectors, batches.cluster_centers_),
    }


def density(vectors, size, threads):
    import fast_hdbscan
    import hdbscan

    fast_hdbscan.HDBSCAN(min_cluster_size=size, min_samples=size).fit(vectors[:500])
    fast = timed(lambda: fast_hdbscan.HDBSCAN(min_cluster_size=size, min_samples=size).fit(vectors))
    own = hdbscan.HDBSCAN(min_cluster_size=size, min_samples=size, core_dist_n_jobs=threads)
    slow = timed(lambda: own.fit(vectors.astype(np.float64)))
    return {
        name: {"ms": ms, "clusters": int(fitted.labels_.max()) + 1}
        for name, (ms, fitted) in (("hdbscan", slow), ("fast_hdbscan", fast))
    }


task = json.loads(sys.argv[1])
rows = np.fromfile(task["file"], dtype=np.float32).reshape(-1, task["d"])[: task["n"]]
if task["what"] == "kmeans":
    print(json.dumps(kmeans(rows, task["k"], task["passes"], task["threads"])))
else:
    print(json.dumps(density(rows, task["size"], task["threads"])))
