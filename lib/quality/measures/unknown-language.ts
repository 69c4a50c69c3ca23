import type { Measure } from "../measure.ts";
import { clamp, type Subject } from "../subject.ts";

/** Some 500 of the most frequent ideographs, simplified and traditional: two thirds of any Chinese text, and little of other byte soup. */
const frequent = new Set(
  "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运笔风热茶鱼花草木火石土云雨雪春夏秋冬夜早晚左右红黄蓝绿黑字词句写读字米面饭吃喝买卖钱店车船飞站城镇村河湖岸树林鸟鸡牛羊狗猫虫步骤先再加放入分钟小时克升度温" +
    "這個們來為國說時會對過發後裡種經麼學現當沒動還進樣開從實軍無與長機關點業將兩間問應戰頭體見產話內表給門東聲員論處義幾認條係氣題爾別變總電數報結務場計資許統區隊馬書則聽達強難權設記類據邊張該規傳師觀讓識帶導爭運風熱魚飯買賣錢車飛鎮樹鳥雞貓蟲驟鐘溫",
);

/** Words without which no text of their language gets by: English, German, French, Spanish, Italian, Portuguese, Dutch. */
const functionWords = new Set(
  (
    "the of and to in a is that it for was on are as with his they be at this have from or by had but not what all were we when your can there an which their if will each about how up out them then she many some so these would into has more two than been who its over after first only most other also may one you he her do no " +
    "der die das und in den von zu mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über so zum " +
    "le la les de et un une du des en est que qui dans pour pas au plus par sur ne se ce il elle avec son sont mais ou " +
    "el los las y que un una por con para su no es lo como más pero sus al o del se si " +
    "il di che è e gli i per non una sono con del della alla " +
    "o os as da do em no na um uma para com não " +
    "het een van op te dat met voor zijn niet aan er om"
  ).split(" "),
);

/** No vowel, six consonants in a row, the same letter four times, or signs in its middle: nothing that one could say. */
const unspeakable =
  /^[^aeiouyà-öø-ÿ]{4,}$|[bcdfghjklmnpqrstvwxz]{6}|(\p{L})\1{3}|^\p{L}{25,}$|\p{L}\p{N}+\p{L}/iu;

const minWords = 12;

const latinDoubt = ({ latin }: Subject): number => {
  if (latin.length < 3) return 0;
  const latinScript = latin.filter((word) => /^\p{Script=Latin}/u.test(word));
  if (latinScript.length * 2 < latin.length) return 0;
  const odd = latinScript.filter((word) => unspeakable.test(word)).length / latinScript.length;
  if (latinScript.length < minWords) return clamp((odd - 0.1) * 2);
  const grammar = latinScript.filter((word) => functionWords.has(word)).length / latinScript.length;
  return Math.max(clamp((odd - 0.1) * 2), clamp(1 - grammar / 0.2) * 0.9);
};

const chineseDoubt = ({ ideographs, words }: Subject): number => {
  const kana = words.filter((word) => /^[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(word)).length;
  if (ideographs.length < 6 || kana * 5 > ideographs.length) return 0;
  const rare = ideographs.filter((char) => !frequent.has(char)).length / ideographs.length;
  return clamp((rare - 0.5) * 2.5);
};

/**
 * How little it looks like any language. By the alphabet's words where they are the more, by ideographs otherwise; other
 * scripts are believed.
 */
export const unknownLanguage: Measure = {
  flagAt: 0.6,
  measure: (subject) => {
    if (subject.kind !== "prose") return 0;
    return subject.ideographs.length > subject.latin.length ? chineseDoubt(subject) : latinDoubt(subject);
  },
};
