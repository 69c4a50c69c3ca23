/** Words that say nothing of a text's subject, in English and Chinese: left out of what names a cluster. */

const english = `
a about above after again against all also although always am among an and another any anyone anything are around as at
away back be became because become been before being below best better between both but by called came can cannot could
did different do does doing done down due during each either else enough especially etc even ever every everything few
first five for found four from further gave get gets getting give given gives go goes going good got great had has have
having he hence her here hers herself him himself his how however i if in include included includes including indeed
instead into is it its itself just keep kept know known last later least left less let like likely little long made
mainly make makes making many may me mean means might more most mostly much must my myself near nearly need needs
neither never new next no non nor not nothing now of off often old on once one ones only onto or other others
otherwise our ours ourselves out over own part per perhaps place put quite rather really said same say says second see
seem seems seen several shall she should show shown shows since six small so some someone something sometimes soon still
such take taken takes ten than that the their theirs them themselves then there thereby therefore these they thing
things third this those though three through throughout thus to today together too took toward towards two under until
up upon us use used uses using usually various very via want was way ways we well went were what whatever when where
whereas whether which while who whole whom whose why will with within without would year years yes yet you your yours
yourself don doesn didn isn aren wasn weren won wouldn couldn shouldn ll ve re
`;

const chinese = `
的 了 和 是 在 有 也 都 就 而 及 与 或 但 并 被 把 让 向 从 到 对 为 以 于 之 其 此 这 那 哪 谁 我 你 他 她 它 们 您
我们 你们 他们 她们 它们 自己 大家 这个 那个 这些 那些 这样 那样 这里 那里 这种 那种 什么 怎么 怎样 如何 为什么 哪些
一个 一些 一种 一样 一般 一直 一定 一次 一起 一旦 有些 有的 有时 没有 不是 不会 不能 不同 不要 不过 不仅 不再 可以
可能 能够 需要 应该 应当 必须 因为 所以 因此 由于 如果 虽然 但是 然而 而且 并且 或者 还是 以及 以后 以前 之后 之前
之间 其中 其他 其它 同时 然后 最后 首先 其次 通过 根据 关于 对于 按照 作为 成为 进行 使用 利用 采用 包括 例如 比如
等等 非常 十分 比较 更加 更 最 很 太 极 已 已经 正在 曾经 将 会 能 要 可 应 该 须 想 说 做 作 用 看 来 去 上 下 中 里
外 前 后 内 间 左右 时 时候 时间 年 月 日 天 个 只 次 种 些 点 位 条 件 每 各 某 该 同 另 别 再 又 还 才 便 却 则 若 即
因 由 使 令 给 叫 着 过 得 地 所 者 等 等等 吗 呢 吧 啊 呀 嘛 不 没 无 非 多 少 大 小 高 低 长 短 好 新 几 一 二 三 四 五
六 七 八 九 十 百 千 万 两 第 第一 第二 第三 主要 常 常常 通常 往往 越 越来越 当 随着 既 尤其 特别 甚至 几乎 大约 大概
只有 只要 只是 就是 都是 也是 还有 很多 许多 部分 方面 情况 问题 方法 方式 开始 出现 出 起 起来 出来 下来 上来 进 入
`;

export const stopWords: ReadonlySet<string> = new Set(`${english} ${chinese}`.trim().split(/\s+/u));
