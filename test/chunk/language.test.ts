import { expect, test } from "vitest";
import { guessLanguage } from "../../lib/chunk/language.ts";

test.each([
  ["The kites circle in rising air.", "", "en"],
  ["鸢群在上升气流中盘旋。", "", "zh"],
  ["用 Kettle 把 S3 bucket 变成知识库，然后搜索。", "", "zh"],
  ["トビの群れが上昇気流の中で旋回する。", "", "ja"],
  ["솔개 떼가 상승 기류 속에서 맴돈다.", "", "ko"],
  ["Harbour | March | 412", "", "en"],
  ["Das große Übel über den Wolken", "", "und"],
  ["Das große Übel über den Wolken", "de-DE", "de"],
  ["The kites circle in the air", "de", "en"],
  ["Коршуны кружат в воздухе", "", "und"],
  ["Коршуны кружат в воздухе", "ru", "ru"],
  ["412 1038 67", "", "und"],
  ["412 1038 67", "zh-CN", "zh"],
  ["412", "not a language", "und"],
  ["", "", "und"],
])("%j declared as %j is %s", (text, declared, language) => {
  expect(guessLanguage(text, declared)).toBe(language);
});
