//! The public templates that apps may take into their lists: a few in place of WeChat's thousands (wechat-protocol.md,
//! section E4).

use super::TemplateKind;

/// A category that every app is in.
pub struct Category {
    pub id: u32,
    pub name: &'static str,
}

/// A public template.
pub struct PublicTemplate {
    pub tid: u32,
    pub title: &'static str,
    pub kind: TemplateKind,
    pub category: u32,
    pub keywords: &'static [Keyword],
}

/// A field that it may have. Its number is its place in the list, from 1.
pub struct Keyword {
    pub name: &'static str,
    pub example: &'static str,
    /// The kind's name.
    pub rule: &'static str,
}

pub const CATEGORIES: &[Category] =
    &[Category { id: 616, name: "公交" }, Category { id: 307, name: "企业管理" }];

pub const TEMPLATES: &[PublicTemplate] = &[
    PublicTemplate {
        tid: 99,
        title: "付款成功通知",
        kind: TemplateKind::OneTime,
        category: 616,
        keywords: &[
            keyword("物品名称", "年卡", "thing"),
            keyword("订单号", "20260101001", "character_string"),
            keyword("付款金额", "￥12.5元", "amount"),
            keyword("付款时间", "2026-01-01 15:01", "time"),
            keyword("付款方式", "零钱", "phrase"),
        ],
    },
    PublicTemplate {
        tid: 100,
        title: "乘车提醒",
        kind: TemplateKind::LongTerm,
        category: 616,
        keywords: &[
            keyword("线路", "一号线", "thing"),
            keyword("车牌号", "粤A8Z888", "car_number"),
            keyword("乘车日期", "2026年1月1日", "date"),
            keyword("联系电话", "13800138000", "phone_number"),
        ],
    },
    PublicTemplate {
        tid: 1701,
        title: "客户行为通知",
        kind: TemplateKind::OneTime,
        category: 307,
        keywords: &[
            keyword("客户行为", "查看了您的简历", "thing"),
            keyword("时间", "2026-01-01 15:01:00", "time"),
            keyword("联系方式", "13800138000", "thing"),
            keyword("客户姓名", "张三", "name"),
            keyword("编号", "12", "number"),
            keyword("等级", "A", "letter"),
        ],
    },
];

const fn keyword(name: &'static str, example: &'static str, rule: &'static str) -> Keyword {
    Keyword { name, example, rule }
}

impl PublicTemplate {
    pub fn of(tid: u32) -> Option<&'static Self> {
        TEMPLATES.iter().find(|template| template.tid == tid)
    }

    /// The field with this number.
    pub fn keyword(&self, kid: u32) -> Option<&'static Keyword> {
        self.keywords.get(usize::try_from(kid).ok()?.checked_sub(1)?)
    }
}
