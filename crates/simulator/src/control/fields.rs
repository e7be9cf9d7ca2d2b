//! The fields of a control call's body, taken one by one, so that every refusal can name its field.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::ControlError;

pub struct Fields(Map<String, Value>);

impl Fields {
    /// A JSON object; no body at all is an empty one.
    pub fn parse(body: &[u8]) -> Result<Self, ControlError> {
        if body.is_empty() {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(ControlError::wrong("body", "must be a JSON object")),
            Err(error) => Err(ControlError::wrong("body", error)),
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A field of any type; `null` counts as absent.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    pub fn text(&mut self, name: &str) -> Result<String, ControlError> {
        self.text_if_given(name)?.ok_or_else(|| ControlError::wrong(name, "missing"))
    }

    pub fn text_if_given(&mut self, name: &str) -> Result<Option<String>, ControlError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(ControlError::wrong(name, "must be a text, and not an empty one")),
        }
    }

    /// A text of the body that stays in it.
    pub fn peek(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A whole number from `least` to `most`.
    pub fn number_if_given(
        &mut self,
        name: &str,
        least: u64,
        most: u64,
    ) -> Result<Option<u64>, ControlError> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => match value.as_u64().filter(|number| (least..=most).contains(number)) {
                Some(number) => Ok(Some(number)),
                None => {
                    Err(ControlError::wrong(name, format!("must be a whole number from {least} to {most}")))
                }
            },
        }
    }

    pub fn number(&mut self, name: &str, least: u64, most: u64) -> Result<u64, ControlError> {
        self.number_if_given(name, least, most)?.ok_or_else(|| ControlError::wrong(name, "missing"))
    }

    pub fn flag(&mut self, name: &str) -> Result<bool, ControlError> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(ControlError::wrong(name, "must be true or false")),
        }
    }

    /// Ends the taking: a field that nobody took is a mistake.
    pub fn end(self) -> Result<(), ControlError> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(ControlError::wrong(name, "no such field")),
        }
    }

    /// `base` with these fields in place of its own. They are laid on one by one: the first that does not fit is the
    /// one to name.
    pub fn onto<T: Serialize + DeserializeOwned>(self, base: &T) -> Result<T, ControlError> {
        let mut whole = match serde_json::to_value(base) {
            Ok(Value::Object(whole)) => whole,
            _ => Map::new(),
        };
        for (name, value) in self.0 {
            whole.insert(name.clone(), value);
            if let Err(error) = serde_json::from_value::<T>(Value::Object(whole.clone())) {
                return Err(ControlError::wrong(&name, error));
            }
        }
        serde_json::from_value(Value::Object(whole)).map_err(|error| ControlError::wrong("body", error))
    }
}
