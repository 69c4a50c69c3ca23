/**
 * Radicals of their own code points, which PDF programs write for the characters that look alike (Chromium does for
 * common ones): nobody who asks for 日 finds U+2F47. Those of the Kangxi block have compatibility mappings; these have none
 * (Unicode, EquivalentUnifiedIdeograph.txt).
 */
const pairs =
  "⺠民⺩王⺼肉⻁虎⻄西⻅见⻆角⻈讠⻉贝⻊足⻋车⻌辶⻏阝⻓长⻔门⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻬齐⻮齿⻯竜⻰龙⻳龟";

const characters = [...pairs];
const twin = new Map(
  characters.flatMap((radical, at) => (at % 2 === 0 ? [[radical, characters[at + 1] ?? radical]] : [])),
);

const radical = /[\u2e80-\u2fd5]/g;

/** The text with characters where radicals stand for them. */
export const withoutRadicals = (text: string): string =>
  text.replace(radical, (one) => twin.get(one) ?? one.normalize("NFKC"));
