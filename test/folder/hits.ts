/**
 * What is asked of the folder in test/fixtures/folder, and where the answer stands: the file, its page, slide or sheet,
 * and the path of its headings. A new file comes with a row here.
 */
export type ExpectedHit = {
  readonly key: string;
  readonly ask: string;
  /** A stretch of the hit's text. */
  readonly says: string;
  readonly page?: number;
  /** As hits carry it. */
  readonly heading?: string;
  /** Asked of this file alone: another one says the same. */
  readonly alone?: true;
};

export const expectedHits: readonly ExpectedHit[] = [
  // Word processors
  {
    key: "handbook.docx",
    ask: "When is the night watch relieved and what is handed over?",
    says: "03:40",
    heading: "Night watch › Relief of the watch",
  },
  {
    key: "handbook.docx",
    ask: "Which fog signal has seven blasts?",
    says: "Vessel in distress | 7",
    heading: "Night watch › Fog signals",
  },
  {
    key: "合同.docx",
    ask: "逾期付款每日加收多少滞纳金？",
    says: "万分之五",
    heading: "第二条 租金 › 滞纳金",
    alone: true,
  },
  {
    key: "合同.odt",
    ask: "船坞租期几年，怎样续租？",
    says: "六个月书面通知",
    heading: "第一条 租期",
    alone: true,
  },
  {
    key: "合同.odt",
    ask: "2027年的季度租金是多少？",
    says: "五万一千元",
    heading: "第二条 租金 › 滞纳金",
    alone: true,
  },
  {
    key: "proposal.odt",
    ask: "Why does the schoolyard flood?",
    says: "storm drain",
    heading: "Purpose",
    alone: true,
  },
  {
    key: "letter.rtf",
    ask: "Why was the quince grafted onto hawthorn?",
    says: "marsh soil",
    heading: "Grafting",
    alone: true,
  },
  { key: "letter.rtf", ask: "老梨树今年结了多少果子？", says: "四百斤", heading: "果园的消息", alone: true },
  {
    key: "letter-saved.html",
    ask: "How old is the mulberry tree by the wall?",
    says: "112 years",
    heading: "果园的消息",
    alone: true,
  },
  {
    key: "oven-memo.rtf",
    ask: "How long must the deck oven stay closed after steam is injected?",
    says: "eighteen minutes",
    heading: "Memo on the bakery oven",
  },
  {
    key: "ferry.rtf",
    ask: "How do horses travel on the ferry?",
    says: "blindfolded",
    heading: "Cargo",
    alone: true,
  },
  {
    key: "ferry.docx",
    ask: "When does the last ferry to the island leave?",
    says: "22:15",
    heading: "Summer crossings",
    alone: true,
  },
  // Presentations: the slide
  {
    key: "violins.pptx",
    ask: "Where does the soundpost of a violin stand?",
    says: "three millimetres",
    page: 2,
    heading: "Soundpost",
  },
  {
    key: "violins.pptx",
    ask: "How many days does the dragon's blood varnish need to dry?",
    says: "| 9",
    page: 3,
    heading: "Varnish",
  },
  {
    key: "volcano.odp",
    ask: "Which warning signs do wells give before an eruption?",
    says: "sour and warm",
    page: 1,
    heading: "Warning signs",
    alone: true,
  },
  { key: "火山.pptx", ask: "全村从哪条路撤离？", says: "盐道", page: 2, heading: "撤离路线", alone: true },
  // Spreadsheets: the sheet
  {
    key: "stock.xlsx",
    ask: "When was the mercury barometer serviced?",
    says: "2026-02-03",
    page: 1,
    heading: "Instruments",
  },
  { key: "stock.xlsx", ask: "旧六分仪为什么报废？", says: "海水腐蚀", page: 2, heading: "报废清单" },
  {
    key: "stock.xlsx",
    ask: "Which instrument code means lent to the polar expedition?",
    says: "Q9",
    page: 3,
    heading: "Codes (hidden sheet)",
  },
  { key: "预算.ods", ask: "龙头彩绘的负责人是谁，花多少钱？", says: "苏师傅", page: 1, heading: "龙舟节" },
  {
    key: "预算.ods",
    ask: "Who gave hemp rope for the dragon boats?",
    says: "Rope works",
    page: 2,
    heading: "Sponsors",
  },
  {
    key: "rota.xlsx",
    ask: "Who checks the sluice at midnight?",
    says: "Karim Haddad",
    page: 1,
    heading: "rota.csv",
    alone: true,
  },
  {
    key: "harvest.ods",
    ask: "Which field grew buckwheat for soba noodles?",
    says: "Long acre",
    page: 1,
    heading: "harvest.csv",
  },
  // Printed pages: columns, tables, several pages
  {
    key: "survey.pdf",
    ask: "Why must nobody step on the iron rung below the gully?",
    says: "rusted through and carries nobody",
    page: 1,
    heading: "Survey of the Skerry lights › The crossing",
  },
  {
    key: "survey.pdf",
    ask: "How many inches does the middle tower lean?",
    says: "eleven inches to the east. The keepers hang a plumb line in the stair well",
    page: 1,
    heading: "Survey of the Skerry lights › The towers",
  },
  {
    key: "survey.pdf",
    ask: "How much mercury was bought for the southern lens?",
    says: "Forty litres of mercury were bought from Almadén",
    page: 2,
    heading: "Survey of the Skerry lights › Lamps and lenses",
  },
  {
    key: "survey.pdf",
    ask: "Which tower gives three blasts in fog?",
    says: "South | three | 110 s",
    page: 2,
    heading: "Survey of the Skerry lights › Signals in fog",
  },
  {
    key: "survey.pdf",
    ask: "What saves the redwings that fly into the lantern?",
    says: "perches of wire",
    page: 3,
    heading: "Survey of the Skerry lights › Birds at the glass",
  },
  { key: "粮仓.pdf", ask: "七号仓的稻谷为什么改存九号仓？", says: "地坪返潮", page: 1, heading: "一、入仓" },
  { key: "粮仓.pdf", ask: "米象是怎样杀死的？", says: "充氮", page: 2, heading: "二、保管" },
  { key: "粮仓.pdf", ask: "县酒厂买了多少吨粮？", says: "县酒厂 | 八百六十", page: 3, heading: "三、出仓" },
  {
    key: "volcano.pdf",
    ask: "Which animals leave the pasture before an eruption?",
    says: "• Goats leave the upper pasture",
    page: 1,
    alone: true,
  },
  { key: "volcano.pdf", ask: "撤离要走多长时间？", says: "四十分钟", page: 2, alone: true },
  {
    key: "chromium-columns.pdf",
    ask: "满月的时候夜鹰的数目有什么变化？",
    says: "只有平常的一半",
    page: 1,
    heading: "夜鹰夜航记 Night flights › 二、结果",
  },
  {
    key: "groff-handbook.pdf",
    ask: "Which mooring is kept free for the pilot?",
    says: "Mooring nine",
    page: 2,
    heading: "Handbook of the harbour station › 2. Moorings",
  },
  // Scans and pictures: what OCR reads
  { key: "logbook-scan.pdf", ask: "What jammed the bucket chain of the dredger?", says: "cannon", page: 1 },
  { key: "logbook-scan.pdf", ask: "疏浚航道时挖出了多少只青花瓷碗？", says: "四十二只", page: 2 },
  {
    key: "mixed.pdf",
    ask: "a page that is a picture of text",
    says: "This page is a picture of text.",
    page: 3,
    heading: "Notice to observers › 3. Second page",
  },
  { key: "minutes.tiff", ask: "Where does the bridle workshop move?", says: "old boathouse", page: 1 },
  { key: "minutes.tiff", ask: "潍坊风筝节的展品由谁负责运输保险？", says: "陈先生", page: 2 },
  {
    key: "tea-label.png",
    ask: "How long is white tea from Fuding steeped?",
    says: "three minutes",
    alone: true,
  },
  { key: "sideways.jpg", ask: "silver needle second infusion", says: "forty seconds more", alone: true },
  { key: "order-mixed.png", ask: "铁观音的运费是多少？", says: "45.80" },
  { key: "notice-zh.webp", ask: "望远镜在哪里借？", says: "二号小屋" },
  { key: "slides.gif", ask: "Where do thermals rise?", says: "where the ground is dark", page: 1 },
  { key: "slides.gif", ask: "秋季迁徙什么时候达到高峰？", says: "九月", page: 2 },
  { key: "plumage.jpg", ask: "red kite over the pass", says: "Red kite over the pass" },
  // Books
  {
    key: "tide-clock.epub",
    ask: "How is the tide clock set to high water?",
    says: "full moon",
    heading: "Setting the clock",
  },
  { key: "书店.epub", ask: "没有寄信人的信里有什么？", says: "银杏叶", heading: "第二章 来信" },
  // Messages and archives: the file inside
  {
    key: "ice.eml",
    ask: "Does the canal ice at the second bridge carry a sleigh?",
    says: "fourteen centimetres",
    heading: "Ice on the canal",
  },
  {
    key: "ice.eml",
    ask: "May the children skate to school?",
    says: "skate to school",
    heading: "Ice on the canal › Quoted",
    alone: true,
  },
  { key: "茶园.eml", ask: "北坡的滴灌管什么时候换？", says: "谷雨之前", heading: "关于茶园灌溉" },
  {
    key: "auction.eml",
    ask: "What is the reserve of the lacquered screen with seven cranes?",
    says: "2,300 francs",
    heading: "Papers for the auction › inventory.txt",
  },
  {
    key: "auction.eml",
    ask: "Dawn patrol of the oyster beds",
    says: "Maud Lindqvist",
    page: 1,
    heading: "Papers for the auction › rota.xlsx › rota.csv",
    alone: true,
  },
  {
    key: "field-notes.zip",
    ask: "Which lamp post flickers when the tram passes?",
    says: "ferry stairs",
    heading: "lamps/post-44.md › Lamp post 44",
  },
  {
    key: "field-notes.zip",
    ask: "How long does the salt kiln need to reach cone ten?",
    says: "thirty hours",
    heading: "kilns.zip › deep/kiln.txt",
  },
  { key: "渡口.zip", ask: "渡口的石阶有多少级？", says: "七十三级", heading: "记录/渡口.txt" },
  // Pages and markup
  {
    key: "bees.html",
    ask: "How much honey does a colony on the roof need in winter?",
    says: "eighteen kilograms",
    heading: "Winter feed",
  },
  {
    key: "news-site.html",
    ask: "What do the apprentice glass-blowers make?",
    says: "fishing floats",
    heading: "Glass-blowers return to the old mill › What they make",
  },
  {
    key: "chess-club.html",
    ask: "Who won the blindfold chess match on the night train?",
    says: "long diagonal",
    heading: "Chess club of the railway men › Season",
  },
  {
    key: "stone-walls.xml",
    ask: "How often does a dry stone wall need a through stone?",
    says: "every metre",
    heading: "Through stones",
  },
  {
    key: "feed.xml",
    ask: "What did the seal at the lighthouse do?",
    says: "supply boat",
    heading: "Lighthouse bulletins › Seal on the landing",
  },
  {
    key: "sourdough.md",
    ask: "What does a grey liquid on the sourdough starter mean?",
    says: "hungry",
    heading: "Feeding › When it sleeps",
  },
  { key: "登山.md", ask: "冰爪的前齿怎样保养？", says: "锉刀", heading: "登山装备清单 › 冰爪" },
  // Tables and records
  { key: "orders.csv", ask: "Which order waits for dye?", says: "1042" },
  { key: "readings.tsv", ask: "Which buoy's current meter is tangled in kelp?", says: "east hole" },
  { key: "stations-gbk.csv", ask: "哪个气象站的雨量筒被松鼠堵塞？", says: "松林气象站" },
  { key: "export.xls", ask: "Who saw the rings of Saturn?", says: "School of Aldergate" },
  {
    key: "museum.json",
    ask: "How much did the chronometer of the brig Halcyon lose in a year?",
    says: "four seconds",
  },
  { key: "events.jsonl", ask: "潜水员从闸门下取出了什么？", says: "锈铁锚" },
  // Programs
  {
    key: "sensor.py",
    ask: "When does irrigation of the vineyard start?",
    says: "median",
    heading: "should_irrigate",
  },
  {
    key: "moorings.sql",
    ask: "Which boats have overdue mooring fees?",
    says: "ninety days",
    heading: "overdue_moorings",
  },
  {
    key: "router.go",
    ask: "At which wind does the parcel drone fly over the river?",
    says: "nine metres",
    heading: "ChooseDroneRoute",
  },
  { key: "deploy.yaml", ask: "What restarts the greenhouse controller?", says: "misting valve" },
  {
    key: "eels.ipynb",
    ask: "When do silver eels leave the lake?",
    says: "990",
    heading: "Migration of eels",
  },
  // Plain text
  { key: "bell.txt", ask: "When was the great church bell cast?", says: "1688" },
  { key: "泉水.txt", ask: "泉眼下面压着什么？", says: "鲤鱼的青石" },
];
