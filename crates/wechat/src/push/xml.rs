//! XML as WeChat writes it, read into the fields that the same push has as JSON. No document type, no entities but XML's
//! own five, no attributes.

use quick_xml::{Reader, events::Event};
use serde_json::{Map, Value, map::Entry};

use super::{ReadError, body::DEEPEST};

/// An element whose end has not come yet.
struct Open {
    name: String,
    text: String,
    /// Whether part of the text stood in CDATA: blanks around it are its own then.
    verbatim: bool,
    children: Map<String, Value>,
}

/// The fields in the root element, whatever its name.
pub fn read(text: &str) -> Result<Map<String, Value>, ReadError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    loop {
        match reader.read_event().map_err(|_| ReadError::Malformed)? {
            Event::Start(start) => {
                if open.len() == DEEPEST {
                    return Err(ReadError::TooDeep);
                }
                if root.is_some() {
                    return Err(ReadError::Malformed);
                }
                let name = start.name().into_inner().to_owned();
                if name.is_empty() {
                    return Err(ReadError::Malformed);
                }
                open.push(Open { name, text: String::new(), verbatim: false, children: Map::new() });
            }
            Event::End(_) => {
                let closed = open.pop().ok_or(ReadError::Malformed)?;
                match open.last_mut() {
                    Some(parent) => add(&mut parent.children, closed),
                    None => root = Some(closed.children),
                }
            }
            Event::Text(text) => append(&mut open, &text.xml10_content(), false)?,
            Event::CData(text) => append(&mut open, &text.xml10_content(), true)?,
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref() {
                    Ok(Some(character)) => character,
                    Ok(None) => predefined(&reference).ok_or(ReadError::Entity)?,
                    Err(_) => return Err(ReadError::Entity),
                };
                append(&mut open, character.encode_utf8(&mut [0; 4]), false)?;
            }
            Event::DocType(_) => return Err(ReadError::Doctype),
            Event::Eof => break,
            // With `expand_empty_elements` there is no `Empty`.
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    if open.is_empty() { root.ok_or(ReadError::Malformed) } else { Err(ReadError::Malformed) }
}

fn append(open: &mut [Open], text: &str, verbatim: bool) -> Result<(), ReadError> {
    match open.last_mut() {
        Some(element) => {
            element.text.push_str(text);
            element.verbatim |= verbatim;
            Ok(())
        }
        None if text.trim().is_empty() => Ok(()),
        None => Err(ReadError::Malformed),
    }
}

/// An element becomes an object or a text; a second one of its name makes a list.
fn add(fields: &mut Map<String, Value>, element: Open) {
    let Open { name, text, verbatim, children } = element;
    let value = match (children.is_empty(), verbatim) {
        (false, _) => Value::Object(children),
        (true, true) => Value::String(text),
        (true, false) => Value::from(text.trim()),
    };
    match fields.entry(name) {
        Entry::Vacant(place) => {
            place.insert(value);
        }
        Entry::Occupied(mut place) => match place.get_mut() {
            Value::Array(items) => items.push(value),
            first => {
                let first_one = first.take();
                *first = Value::Array(vec![first_one, value]);
            }
        },
    }
}

fn predefined(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}
