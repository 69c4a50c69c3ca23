import { describe, expect, it } from "vitest";
import { contentWords, groupTerms } from "../../lib/cluster/terms.ts";

describe("words that name a cluster", () => {
  const tea = [
    "Green tea is brewed with water of eighty degrees.",
    "The leaves of green tea are steamed; the tea tastes of grass.",
  ];
  const kites = [
    "A kite flies on its line.",
    "The bridle holds the kite against the wind, as every kite flyer knows.",
  ];

  it("are those of its own texts, the ones that all clusters share left behind", () => {
    const [first, second] = groupTerms(
      [
        [...tea, "People like it."],
        [...kites, "People like it."],
      ],
      3,
    );
    expect(first?.[0]).toBe("green tea");
    expect(second?.[0]).toBe("kite");
    expect(first).not.toContain("people");
  });

  it("are Chinese words for Chinese texts, without particles", () => {
    const [first, second] = groupTerms(
      [
        ["绿茶用八十度的水冲泡,茶叶的香气很好。", "乌龙茶的茶叶要用开水冲泡。"],
        ["风筝的提线决定了风筝的角度。", "放风筝要看风向。"],
      ],
      4,
    );
    expect(first).toContain("茶叶");
    expect(first).toContain("冲泡");
    expect(second?.[0]).toBe("风筝");
    expect([...(first ?? []), ...(second ?? [])]).not.toContain("的");
  });

  it("leave out stop words, numbers and single letters, and fold case and width", () => {
    expect(contentWords("The Kite, a KITE and x 42 Ｋite 的 茶")).toEqual(["kite", "kite", "kite", "茶"]);
  });

  it("come in the same order for the same texts; no texts have none", () => {
    expect(groupTerms([["beta, alpha"], []], 5)).toEqual([["alpha", "beta"], []]);
    expect(groupTerms([], 5)).toEqual([]);
  });

  it("are phrases where two words are mostly said together, and then not the words again", () => {
    const texts = [
      "The boundary layer.",
      "A boundary layer on a wing.",
      "Boundary layers of wings.",
      "Wing, layer",
    ];
    expect(groupTerms([texts, ["tea"]], 5)[0]).toEqual(["boundary layer", "wing"]);
  });

  it("name no word in the plural beside the singular", () => {
    const texts = ["wings; bodies; boxes", "wing; body; box", "glass; wings"];
    expect(groupTerms([texts, ["tea"]], 9)[0]).toEqual(["wings", "bodies", "box", "glass"]);
  });

  it("put a Chinese word before a character alone, which may be a syllable of a name", () => {
    const texts = ["斯,城市", "斯,城市", "斯,人口"];
    expect(groupTerms([texts, ["茶叶"]], 3)[0]).toEqual(["城市", "人口", "斯"]);
  });

  it("one text that repeats a word does not name the cluster alone", () => {
    const texts = ["spam ".repeat(50), "kite wind", "kite line", "kite bridle"];
    expect(groupTerms([texts, ["tea"]], 1)[0]).toEqual(["kite"]);
  });
});
