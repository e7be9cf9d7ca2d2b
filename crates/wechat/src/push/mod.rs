//! What WeChat pushes to an app's address (section F): signatures, the cipher, bodies in XML and JSON, and what the events
//! say. Pure: nothing is sent or kept.
//!
//! 1. The query proves who pushes: [`verify`] in plain mode; in the others [`verify_message`], which covers the
//!    ciphertext, and never `signature` alone.
//! 2. [`Body::read`] reads the body, XML or JSON, and [`Body::encrypted`] tells whether it has a ciphertext.
//! 3. [`AesKey::decrypt`] opens that; what is inside is a body again.
//! 4. [`Body::push`] is the message or event, [`Push::event`] what an event says.

mod body;
mod cipher;
mod event;
mod reply;
mod signature;
mod xml;

pub use body::{Body, Format, Push, ReadError};
pub use cipher::{AesKey, OpenError};
pub use event::{Event, Privacy, PrivacyChange, SubscribeAnswer, SubscribeSent, TemplateSent};
pub use reply::{ReplyError, open_reply, seal_reply};
pub use signature::{message_signature, signature, verify, verify_message};
