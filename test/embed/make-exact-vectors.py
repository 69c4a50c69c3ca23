"""
Writes exact-vectors.json: what the bundled model gives for the texts of its reference.json when every int8 product is
exact. Each MatMulInteger becomes a float MatMul of the same integers (their sums stay below 2^24, or lose one unit in
the last place), so no processor's int8 kernels take part.

    python -m venv v && v/bin/pip install onnx==1.23.2 onnxruntime && v/bin/python test/embed/make-exact-vectors.py

reference.json was made on a processor with AVX2 and without VNNI, where ONNX Runtime's default kernels saturate: its
vectors differ from these by up to .013 cosine. Seen: on a processor with VNNI the default gives these vectors (cosine
> .999999); on an emulated one without (qemu -cpu max) the default gives reference.json and
session.x64quantprecision=1 gives these. lib/embed/worker.ts sets it.
"""
import base64, json, os
import numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper

folder = os.path.join(os.path.dirname(__file__), "../../models/multilingual-e5-small")
model = onnx.load(f"{folder}/model.onnx")
nodes = []
for at, node in enumerate(model.graph.node):
    if node.op_type != "MatMulInteger":
        nodes.append(node)
        continue
    a, b, a_zero, b_zero = (f"exact{at}_{i}" for i in range(4))
    nodes += [helper.make_node("Cast", [x], [y], to=TensorProto.FLOAT) for x, y in zip(node.input, (a, b, a_zero, b_zero))]
    nodes.append(helper.make_node("Sub", [a, a_zero], [a + "s"]))
    nodes.append(helper.make_node("Sub", [b, b_zero], [b + "s"]))
    nodes.append(helper.make_node("MatMul", [a + "s", b + "s"], [node.output[0]]))
del model.graph.node[:]
model.graph.node.extend(nodes)

session = onnxruntime.InferenceSession(model.SerializeToString())
rows = []
for text in json.load(open(f"{folder}/reference.json")):
    ids = np.array([text["ids"]], dtype=np.int64)
    (vector,) = session.run(["sentence_embedding"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
    rows.append(base64.b64encode(vector[0].astype("<f4").tobytes()).decode())
with open(os.path.join(os.path.dirname(__file__), "exact-vectors.json"), "w") as out:
    out.write("[\n" + ",\n".join(f'  "{row}"' for row in rows) + "\n]\n")
