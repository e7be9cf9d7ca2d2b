//! The templates of an app: those it has, and the public ones it may add (section E4). Official accounts have the same
//! calls.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use weir_base::Secret;

use crate::{
    Error, Route, WeChat,
    answer::{filled, text_or_number},
    query::Query,
    transport::{Call, Repeat, json},
};

/// How often a message of a template may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "u8")]
pub enum TemplateType {
    /// Once for each accept.
    OneTime,
    /// Until the person takes the accept back.
    LongTerm,
    /// A type that is not published.
    Other(u8),
}

impl From<u8> for TemplateType {
    fn from(number: u8) -> Self {
        match number {
            2 => Self::OneTime,
            3 => Self::LongTerm,
            other => Self::Other(other),
        }
    }
}

/// A template of the app.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Template {
    #[serde(rename = "priTmplId", deserialize_with = "filled")]
    pub id: String,
    pub title: String,
    /// Lines such as `姓名:{{name1.DATA}}`.
    pub content: String,
    #[serde(default)]
    pub example: String,
    #[serde(rename = "type")]
    pub kind: TemplateType,
    #[serde(default, rename = "keywordEnumValueList")]
    pub enums: Vec<EnumValues>,
}

impl Template {
    /// The keys of its fields, as `name1`, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.content.split("{{").skip(1).filter_map(|rest| rest.split_once(".DATA}}").map(|(key, _)| key))
    }
}

/// What an enum field may say.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct EnumValues {
    /// `enum_string2.DATA`
    #[serde(rename = "keywordCode")]
    pub code: String,
    #[serde(rename = "enumValueList")]
    pub values: Vec<String>,
}

/// A category that the app is in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Category {
    pub id: i64,
    pub name: String,
}

/// A page of public templates.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PublicTitles {
    /// How many there are in all.
    pub count: u32,
    #[serde(rename = "data")]
    pub titles: Vec<PublicTitle>,
}

/// A public template.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PublicTitle {
    pub tid: i64,
    pub title: String,
    #[serde(rename = "type")]
    pub kind: TemplateType,
    /// A number that WeChat also writes as a text.
    #[serde(rename = "categoryId", deserialize_with = "text_or_number")]
    pub category_id: String,
}

/// A field that a public template may have.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PublicKeyword {
    pub kid: i64,
    pub name: String,
    #[serde(default)]
    pub example: String,
    /// The kind's name ([`super::Kind::named`]).
    pub rule: String,
}

#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Added {
    #[serde(deserialize_with = "filled")]
    pri_tmpl_id: String,
}

/// An answer that says nothing but that all is well.
#[derive(Deserialize)]
struct Done {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AddRequest<'a> {
    tid: i64,
    kid_list: &'a [i64],
    #[serde(skip_serializing_if = "Option::is_none")]
    scene_desc: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeleteRequest<'a> {
    pri_tmpl_id: &'a str,
}

impl WeChat {
    /// `GET /wxaapi/newtmpl/gettemplate`: the app's templates.
    ///
    /// # Errors
    /// Refused: token errors ([`Error::is_token_error`]), 200011 the account is banned.
    pub async fn templates(&self, access_token: &Secret) -> Result<Vec<Template>, Error> {
        let list = self.asked::<List<_>>(&self.routes().gettemplate, access_token, |query| query).await?;
        Ok(list.data)
    }

    /// `GET /wxaapi/newtmpl/getcategory`: the categories that the app is in.
    ///
    /// # Errors
    /// As [`WeChat::templates`].
    pub async fn template_categories(&self, access_token: &Secret) -> Result<Vec<Category>, Error> {
        let list = self.asked::<List<_>>(&self.routes().getcategory, access_token, |query| query).await?;
        Ok(list.data)
    }

    /// `GET /wxaapi/newtmpl/getpubtemplatetitles`: `limit` public templates, thirty at most, of the categories.
    ///
    /// # Errors
    /// Refused: as [`WeChat::templates`], 200016 to 200019 for the parameters.
    pub async fn public_templates(
        &self,
        access_token: &Secret,
        categories: &[i64],
        start: u32,
        limit: u32,
    ) -> Result<PublicTitles, Error> {
        let ids: Vec<String> = categories.iter().map(i64::to_string).collect();
        let wanted = |query: Query| {
            query
                .with("ids", &ids.join(","))
                .with("start", &start.to_string())
                .with("limit", &limit.to_string())
        };
        self.asked(&self.routes().getpubtemplatetitles, access_token, wanted).await
    }

    /// `GET /wxaapi/newtmpl/getpubtemplatekeywords`: the fields of a public template.
    ///
    /// # Errors
    /// Refused: as [`WeChat::templates`], 200014 no such template.
    pub async fn public_keywords(
        &self,
        access_token: &Secret,
        tid: i64,
    ) -> Result<Vec<PublicKeyword>, Error> {
        let route = &self.routes().getpubtemplatekeywords;
        let wanted = |query: Query| query.with("tid", &tid.to_string());
        let list = self.asked::<List<_>>(route, access_token, wanted).await?;
        Ok(list.data)
    }

    /// `POST /wxaapi/newtmpl/addtemplate`: gives the app a public template with two to five of its fields, and answers the
    /// template's id. Never sent twice.
    ///
    /// # Errors
    /// Refused: as [`WeChat::templates`], 200012 there are 25 already, 200013 banned, 200014 no such template, 200020 the
    /// fields, 200021 `scene` of more than 15 characters, 200022 it is there already.
    pub async fn add_template(
        &self,
        access_token: &Secret,
        tid: i64,
        keywords: &[i64],
        scene: Option<&str>,
    ) -> Result<String, Error> {
        let request = AddRequest { tid, kid_list: keywords, scene_desc: scene };
        let added = self.told::<Added>(&self.routes().addtemplate, access_token, &request).await?;
        Ok(added.pri_tmpl_id)
    }

    /// `POST /wxaapi/newtmpl/deltemplate`. Never sent twice.
    ///
    /// # Errors
    /// Refused: as [`WeChat::templates`], and when there is no such template.
    pub async fn delete_template(&self, access_token: &Secret, id: &str) -> Result<(), Error> {
        let request = DeleteRequest { pri_tmpl_id: id };
        self.told::<Done>(&self.routes().deltemplate, access_token, &request).await.map(drop)
    }

    async fn asked<T: DeserializeOwned>(
        &self,
        route: &Route,
        access_token: &Secret,
        wanted: impl FnOnce(Query) -> Query,
    ) -> Result<T, Error> {
        let query = wanted(Query::new().with("access_token", access_token.expose()));
        let sent = &[access_token.expose()];
        let call = Call { route, query: Some(query), body: None, repeat: Repeat::Safe, sent };
        self.transport().call(call).await
    }

    async fn told<T: DeserializeOwned>(
        &self,
        route: &Route,
        access_token: &Secret,
        request: &impl Serialize,
    ) -> Result<T, Error> {
        let query = Query::new().with("access_token", access_token.expose());
        let sent = &[access_token.expose()];
        let body = Some(json(request));
        let call = Call { route, query: Some(query), body, repeat: Repeat::Never, sent };
        self.transport().call(call).await
    }
}
