//! `/_sim/apps`.

use serde_json::{Value, json};

use super::{Asked, ControlError, fields::Fields};
use crate::{
    Simulator,
    world::{App, AppKind, WorldError, ident},
};

pub fn list(simulator: &Simulator, _: Asked) -> Result<Value, ControlError> {
    let world = simulator.world();
    let apps: Vec<&App> = world.apps().collect();
    Ok(json!({ "apps": apps }))
}

pub fn put(simulator: &Simulator, asked: Asked) -> Result<Value, ControlError> {
    let app = simulator.put_app(asked.fields)?;
    Ok(json!(app))
}

impl Simulator {
    /// Adds an app, or lays the given fields on the one with that appid or name, as `POST /_sim/apps` does.
    ///
    /// # Errors
    /// When a field is missing, unknown or wrong.
    pub fn change_app(&self, fields: &Value) -> Result<App, ControlError> {
        self.put_app(Fields::parse(fields.to_string().as_bytes())?)
    }

    fn put_app(&self, fields: Fields) -> Result<App, ControlError> {
        let mut world = self.world_mut();
        let named = match (fields.peek("appid"), fields.peek("name")) {
            (Some(appid), _) => world.app_by_appid(appid).map(|(_, app)| app.clone()),
            (None, Some(name)) => world.app(name).map(|(_, app)| app.clone()),
            (None, None) => None,
        };
        let base = match named {
            Some(app) => app,
            None => {
                for required in ["name", "kind"] {
                    if !fields.has(required) {
                        return Err(ControlError::wrong(required, "missing"));
                    }
                }
                let (appid, secret) = (ident::appid(self.dice()), ident::app_secret(self.dice()));
                App::new("new", AppKind::MiniProgram, &appid, &secret)
            }
        };
        let app = fields.onto(&base)?;
        world.put_app(app.clone())?;
        Ok(app)
    }
}

impl From<WorldError> for ControlError {
    fn from(error: WorldError) -> Self {
        Self { status: axum::http::StatusCode::BAD_REQUEST, message: error.to_string() }
    }
}
