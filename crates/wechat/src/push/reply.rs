//! Encrypted replies (section F3). `success` and the empty body are sent as they are.

use serde::Serialize;
use weir_base::Secret;

use super::{AesKey, Body, Format, OpenError, ReadError, message_signature, verify_message};

/// Why an encrypted reply is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("MsgSignature is not the signature of TimeStamp, Nonce and Encrypt")]
    Signature,
    #[error(transparent)]
    Open(#[from] OpenError),
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Sealed<'a> {
    encrypt: &'a str,
    msg_signature: &'a str,
    time_stamp: i64,
    nonce: &'a str,
}

/// A reply sealed for WeChat. `nonce` is the push's; `timestamp` counts seconds.
pub fn seal_reply(
    format: Format,
    message: &[u8],
    appid: &str,
    (key, token): (&AesKey, &Secret),
    (timestamp, nonce): (i64, &str),
    random: &[u8; 16],
) -> String {
    let encrypted = key.encrypt(message, appid, random);
    let signature = message_signature(token, &timestamp.to_string(), nonce, &encrypted);
    match format {
        Format::Json => {
            let sealed =
                Sealed { encrypt: &encrypted, msg_signature: &signature, time_stamp: timestamp, nonce };
            // Texts and a number always serialise.
            serde_json::to_string(&sealed).unwrap_or_default()
        }
        Format::Xml => format!(
            "<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>\
             <TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{}]]></Nonce></xml>",
            nonce.replace("]]>", "]]]]><![CDATA[>"),
        ),
    }
}

/// What WeChat finds in an encrypted reply: for doubles of WeChat.
///
/// # Errors
/// See [`ReplyError`].
pub fn open_reply(body: &[u8], appid: &str, (key, token): (&AesKey, &Secret)) -> Result<Vec<u8>, ReplyError> {
    let body = Body::read(body)?;
    let field = |name: &'static str| {
        super::body::text_of(body.fields(), name).ok_or(ReadError::Field { field: name })
    };
    let (encrypted, signature) = (field("Encrypt")?, field("MsgSignature")?);
    let (timestamp, nonce) = (field("TimeStamp")?, field("Nonce")?);
    if !verify_message(token, &timestamp, &nonce, &encrypted, &signature) {
        return Err(ReplyError::Signature);
    }
    Ok(key.decrypt(&encrypted, appid)?)
}
