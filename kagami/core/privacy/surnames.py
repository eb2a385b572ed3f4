"""Words that names are made of, and words that look like names and are none."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Common ones, of which nearly every use before an honorific is a name.
COMMON = frozenset(
    "王李张刘陈杨赵黄吴徐孙胡朱郭罗梁宋郑谢韩唐冯董萧肖曹袁邓傅沈彭吕苏卢蒋蔡贾丁魏薛阎闫余潘杜戴钟汪姜范姚谭廖邹陆郝"
    "崔邱秦顾侯邵孟尹黎乔贺赖龚马周林何许曾"
)
# These are words or parts of words as well.
AMBIGUOUS = frozenset(
    "高于程叶田石熊金孔白康毛江史龙万段雷钱汤易常武文方任夏安伍齐庞樊兰殷施陶洪翟颜倪严牛温芦季俞章鲁葛韦毕聂焦向柳邢"
    "岳梅莫庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍覃霍翁隋植甘景薄单包司柏宁柯阮桂闵"
    "解柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫嵺苟全褚廉简娄符奚木穆党燕郎邸冀谈姬屠郜晏栾郁商蒙计喻揭窦迟宇敖"
    "糜鄢冷卓花仇艾蓝巩稽井练仲乐虞卞封竺冼官衣楚佟栗匡宗巫鞠僧桑荆谌银扬沙伏岑习胥蔺"
)
COMPOUND = _words(
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 "
    "公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 "
    "拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 公户 公玉 公仪 梁丘 公仲 公上 公门 公山 公坚 左丘 公伯 "
    "西门 公祖 第五 公乘 贯丘 公皙 南荣 东里 东宫 仲长 子书 子桑 即墨 达奚 褚师 纳兰 完颜 叶赫 爱新"
)
SURNAMES = COMMON | AMBIGUOUS

# Left of these the surname is the end of another word.
NOT_AFTER = {
    "何": "任为如几奈", "周": "上下本这每一两三几四半整单双", "马": "人上立木罗斑河", "林": "园森树桂",
    "丁": "园布肯", "余": "其剩多业盈", "钟": "分点闹时秒", "苏": "江流复", "贺": "祝恭庆", "唐": "荒",
    "赖": "依信无", "董": "古", "顾": "照光回兼", "谢": "感谢多道凋", "许": "也或允准", "曾": "不未何",
    "陆": "登大着", "黄": "蛋", "郑": "新", "肖": "生惟不", "韩": "日", "胡": "二", "罗": "网包俄",
    "范": "规模示防", "黎": "巴", "姜": "生",
}  # fmt: skip
# After these a word begins.
PREPOSITIONS = frozenset(
    "和跟与同向给找请问让叫把被对为是有见替帮由到在听说那这的了个及告谢烦知天系长位去回约陪送等我你他她吧啊"
)
# No given name has these.
FUNCTION = frozenset(
    "的了是不在我你您他她它们个这那有就也都而及与着过得地会能要很吗呢吧啊呀哦哈嘛么什怎哪谁啥且或但被把让给对从到说叫"
    "做去来请问想"
)
# What follows a name that has one given character.
FOLLOWERS = frozenset(
    "的了是不在我你您他她它们个这那有就也都而及与和跟着过得会能要很吗呢吧啊呀哦哈嘛么今来住从想电手男女请以因现目最刚"
    "岁联身邮地负打说到去可"
)
FOLLOWING = _words("电话 手机 今年 来自 现在 目前 喜欢 负责 工作 请多 很高 明天 明早 多多 初次 年龄 性别")
# What a full stop, a space or the end would be: a name may end before it.
CLOSERS = frozenset("啊呀哦哈呢吧嘛")
KIN = _words(
    "的妈妈 的爸爸 的妈 的爸 的朋友 的同学 的同事 的老师 的家长 的哥哥 的姐姐 的弟弟 的妹妹 的儿子 的女儿 的室友 "
    "的助理 的秘书 的老公 的老婆 的爱人 的母亲 的父亲 的家人"
)
# They begin like a name.
WORDS = _words(
    "程序 高兴 高中 高级 高手 高富 高层 高一 高二 高三 高危 高档 高端 王者 王牌 王子 王八 王道 张开 张口 张嘴 张扬 "
    "金牌 金融 金色 金牛 黄金 黄色 黄牛 黄种 白领 白色 白天 白痴 白羊 白人 白富 成都 成年 成功 成员 成人 安徽 安全 "
    "安静 安心 江苏 江西 江南 江湖 全村 全部 全职 全场 全新 全程 应届 应该 应聘 单身 单纯 单亲 单位 马上 马虎 马路 "
    "方便 方案 方面 时候 时间 时尚 于是 万一 万能 常客 常驻 平民 包子 包工 包装 双鱼 双子 水瓶 华人 华为 华侨 文科 "
    "文员 文艺 文盲 文化 石头 石油 古人 古代 古风 党员 房东 房客 房主 房产 路人 路过 路痴 路由 车主 车手 车队 车友 "
    "管理 管家 经理 解放 解释 冷血 左右 左撇 甘肃 甘愿 云南 宁夏 宁愿 吉林 吉他 温州 温柔 常州 常熟 常常 郑州 徐州 "
    "苏州 兰州 杭州 唐朝 唐人 宋朝 明朝 汉人 韩国 韩语 韩式 曾经 任何 任务 任性 向来 向导 向往 易怒 尚未 习惯 项目 "
    "顾客 顾问 胡说 胡闹 毛病 米饭 米粉 米其 牛人 牛逼 熊猫 熊孩 龙族 庄家 叶子 周末 周一 周二 周三 周四 周五 周六 "
    "周日 周年 周围 周边 何人 何时 何必 许多 许愿 谢谢 余额 余下 钱包 钱财 雷达 雷电 温度 景区 关门 关灯 关机 关于 "
    "关心 关注 查询 查看 查一 连接 计划 计算 费用 时而 巫师 鲁莽 商人 商家 商务 官方 原来 原因 封面 封号 边上 席位 "
    "卫生 路上 司机 江浙 广东 童工 童年 童话 齐全 严格 严重 严肃 沙发 沙雕 木匠 木头 花店 花费 蓝色 银行 银色 乐观 "
    "乐队 乐意 简单 简历 穆斯 游客 游戏 游泳 舒服 盛夏 武汉 武侠 武术 莫名 莫非 祝福 祝你 孔子 老板 林业 梁上 田野 "
    "农民 郎中 冷静 封闭 马甲 苗族 蒙古 蒙族 满族 汉族 燕京 冀州 晋城 楚国 鲁菜 秦国 商学 魏国 吴国 蔡国 陈述 陈旧 "
    "杜绝 董事 丁克 范围 罗马 罗列 孙子 孙女 侯爵 夏天 夏季 夏令 贾岛 康复 康师 康熙 汤圆 段子 段落 毕业 毕竟 施工 "
    "焦虑 焦急 葛根 季节 鲍鱼 牛奶 牛肉 符合 符号 谷歌 谷底 季度 阳光 阳台 景色 柏林 梅花 欧洲 欧美 艾滋 艾灸 甄别 "
    "霍乱 凌晨 纪念 纪律 阎王 田径 金钱 金额 石家 高考 高铁 高人 高个 成绩 乐山 温馨 华北 华东 华南 党委 边缘 房子 "
    "房租 池塘 卓越 宫廷 房间"
)
# The second part of an address: 小王, 老李.
FAMILIAR = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯董萧肖曹袁邓傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶余潘杜戴夏钟汪田任"
    "姜范方姚谭廖邹金陆郝崔邱秦顾侯邵孟雷汤尹黎乔贺赖龚许程江石邢"
)
NOT_BEFORE_SMALL = frozenset("大最很太多幼不缩减渺弱矮瘦窄一变更较从细胆狭古衰养苍年陈敬长元")
AFTER_FAMILIAR = frozenset(
    "的你我他她在说来去是有和跟与也都还就请把被给让帮问今明昨呢吗啊呀吧到要想会能可又听发做刚已没不约打带借找转回住"
)
LONG_TITLES = _words(
    "先生 女士 小姐 老师 总监 经理 主任 医生 教授 同学 师傅 阿姨 叔叔 局长 院长 校长 律师 警官 老板 太太 夫人 博士 "
    "大夫 护士 书记 处长 科长 部长 董事长 队长 教练 大哥 大姐 奶奶 爷爷 伯伯 姑娘 法官 秘书 助理 店长 班长 导师 顾问 "
    "会长 主管 所长 行长 编辑 记者 导演 总裁 总经理 工程师 司令 县长 市长 镇长 主席 总理 婆婆 大爷 大妈 大叔 师兄 "
    "师姐 学长 学姐 先森 主编"
)

SHORT_TITLES = "总哥姐工导董叔姨局处队"
# They turn a short title into another word.
AFTER_SHORT = {
    "总": "是共之体结理部计数统会算能归得括量和要在", "工": "作人程资业厂艺具地头序期匠夫会龄农",
    "导": "致航弹游体读", "处": "理于在处女境罚方分", "局": "面部势限", "队": "伍友员列", "哥": "伦", "董": "事",
}  # fmt: skip
ENGLISH = _words(
    "james john robert michael william david richard joseph thomas charles chris christopher daniel matthew anthony "
    "mark donald steven paul andrew joshua kenneth kevin brian george edward ronald timothy jason jeffrey ryan jacob "
    "gary nicholas eric jonathan stephen larry justin scott brandon benjamin samuel gregory frank alexander raymond "
    "patrick jack dennis jerry tyler aaron jose adam henry nathan douglas zachary peter kyle walter ethan jeremy "
    "harold keith christian roger noah gerald carl terry sean austin arthur lawrence jesse dylan bryan joe jordan "
    "billy bruce albert willie gabriel logan alan juan wayne roy ralph randy eugene vincent russell elijah louis "
    "bobby philip johnny mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty "
    "margaret sandra ashley kimberly emily donna michelle carol amanda dorothy melissa deborah stephanie rebecca "
    "sharon laura cynthia kathleen amy angela shirley anna brenda pamela emma nicole helen samantha katherine "
    "christine debra rachel carolyn janet catherine maria heather diane ruth julie olivia joyce virginia victoria "
    "kelly lauren christina joan evelyn judith megan andrea cheryl hannah jacqueline martha gloria teresa ann sara "
    "madison frances kathryn janice jean abigail alice julia judy sophia denise amber doris marilyn danielle beverly "
    "isabella theresa diana natalie brittany charlotte marie kayla alexis lori mike bob tom jim bill dave steve dan "
    "matt tim nick ben sam alex max leo lucas oliver liam mia ava zoe chloe lily lucy kate jane sophie ella iris "
    "ivan adrian julian sebastian damian ian vivian lillian vivien fabian gillian tatiana al ed ted ray liz beth sue "
    "meg jen jenny tony andy fred ron don ken phil greg jeff"
)
NO_ENGLISH = _words(
    "a an the and but or so if not no yes i you he she it we they me us him her them my your his its our their this "
    "that these those who what when where why how in on at to from for with by of off up out about into over under "
    "then than as is am are was were be later back maybe now asap again tonight today tomorrow yesterday soon "
    "anytime whenever crazy stupid old young new good bad great fine ok okay sorry sure here there just very really "
    "too also still always never only quite rather pretty all both everyone everybody team sir madam customer friend "
    "friends colleague colleagues diary lord god santa monday tuesday wednesday thursday friday saturday sunday "
    "january february march april may june july august september october november december mr mrs ms miss dr prof "
    "please thanks thank hello hi hey nice happy sad tired hungry busy free ready done lost late early going looking "
    "trying getting having being doing using working american chinese english french german british indian japanese "
    "korean russian italian spanish canadian mexican muslim buddhist hindu jewish dutch greek turkish swedish irish "
    "polish thai arab batman superman server engineer student teacher doctor manager developer important hidden "
    "unknown required needed speaking calling living writing one two three some any more most much many because "
    "while after before until since first last next another other such own same few can could will would should "
    "might must do does did have has had recruiter recipient user users name names members sirs home work school "
    "lucky glad afraid aware able certain right wrong online offline vegan amazing awesome anyone someone nobody "
    "somebody nothing something everything"
)
