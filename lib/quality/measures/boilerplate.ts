import type { Measure } from "../measure.ts";
import { clamp } from "../subject.ts";

/** What pages of the web say beside what they are about: navigation, consent, legal notices, calls to share. */
const phrases = [
  ...[
    "accept (?:all|cookies)",
    "all rights reserved",
    "back to top",
    "(?:we|site) uses? cookies",
    "cookies?",
  ],
  ...["cookie (?:policy|settings|preferences)", "terms (?:of (?:use|service)|and conditions)", "privacy"],
  ...["privacy (?:policy|notice|statement)", "sign (?:in|up)", "log ?(?:in|out)", "subscribe(?: to| now)?"],
  ...[
    "newsletter",
    "skip to (?:main )?content",
    "read more",
    "learn more",
    "click here",
    "share (?:this|on)",
  ],
  ...["follow us", "contact us", "about us", "site ?map", "previous", "next(?: page)?", "home(?: ?page)?"],
  ...["my account", "add to (?:cart|basket)", "shopping cart", "checkout", "related (?:articles|posts)"],
  ...["powered by", "copyright", "©", "unsubscribe", "advertis(?:e|ing|ement)", "sponsored", "load more"],
  ...["enable javascript", "your browser", "consent", "opt[- ]out", "third[- ]part(?:y|ies)", "partners"],
  ...["personali[sz]ed (?:ads|content)", "print this page", "leave a (?:comment|reply)", "careers", "faq"],
  ...["search", "menu", "close", "language", "download our app", "support", "help", "login", "register"],
  ...["facebook", "twitter", "instagram", "youtube", "linkedin", "manage (?:settings|preferences|choices)"],
].map((phrase) => `(?<![\\p{L}\\p{N}])${phrase}(?![\\p{L}\\p{N}])`);

const chinese = [
  ..."首页 上一页 下一页 返回顶部 返回首页 登录 登陆 注册 退出 版权所有 隐私政策 隐私声明 使用条款 服务条款".split(
    " ",
  ),
  ..."用户协议 联系我们 关于我们 加入我们 网站地图 友情链接 点击这里 点击查看 阅读全文 查看更多 更多".split(
    " ",
  ),
  ..."关注我们 扫码关注 微信公众号 公众号 扫一扫 分享到 收藏 点赞 评论 转发 备案号 备案 ICP 公网安备".split(
    " ",
  ),
  ..."保留所有权利 未经授权 不得转载 禁止转载 免责声明 广告 推广 赞助 购物车 我的订单 客服 客户端下载".split(
    " ",
  ),
  ..."会员中心 帮助中心 人才招聘 诚聘英才 搜索 导航 菜单 语言 接受全部 全部接受 管理设置 偏好设置".split(" "),
  ..."打开APP 热门推荐 相关阅读 相关推荐 猜你喜欢 责任编辑 技术支持 举报电话 订阅 同意 浏览器".split(" "),
];

const pattern = new RegExp([...phrases, ...chinese].join("|"), "giu");

/** How much of the text is such phrases, and how many different ones there are for its length. */
export const boilerplate: Measure = {
  flagAt: 0.5,
  measure: ({ text, words, kind, length }) => {
    if (kind !== "prose") return 0;
    const found = text.match(pattern) ?? [];
    const covered = found.reduce((sum, phrase) => sum + phrase.replace(/\s/g, "").length, 0);
    const different = new Set(found.map((phrase) => phrase.toLowerCase())).size;
    // One such word is in any text.
    return clamp(3 * (covered / length - 0.04)) * clamp((different - 0.5) / 2) * clamp(words.length / 4);
  },
};
