//! `/_sim/users`.

use serde_json::{Map, Value, json};

use super::{Asked, ControlError, fields::Fields};
use crate::{
    Simulator,
    world::{Person, World},
};

pub fn list(simulator: &Simulator, _: Asked) -> Result<Value, ControlError> {
    let world = simulator.world();
    let users: Vec<Value> = world.people().map(|person| seen(&world, person)).collect();
    Ok(json!({ "users": users }))
}

pub fn put(simulator: &Simulator, asked: Asked) -> Result<Value, ControlError> {
    let person = simulator.put_person(asked.fields)?;
    Ok(seen(&simulator.world(), &person))
}

/// A person as tests see them: with their openid in every app, and their unionid in the first open-platform account.
fn seen(world: &World, person: &Person) -> Value {
    let openids: Map<String, Value> =
        world.apps().map(|app| (app.appid.clone(), Value::from(person.openid(app)))).collect();
    let platform = world.apps().find_map(|app| app.open_platform.as_deref());
    json!({
        "id": person.id,
        "name": person.name,
        "nickname": person.nickname,
        "avatar": person.avatar(),
        "phone": person.phone,
        "country_code": person.country_code,
        "unionid": platform.and_then(|platform| person.unionid_in(platform)),
        "openids": openids,
        "follows": person.follows,
        "snapshot": person.snapshot,
        "risky": person.risky,
    })
}

impl Simulator {
    /// Adds a person, or lays the given fields on the one with that id or name, as `POST /_sim/users` does.
    ///
    /// # Errors
    /// When a field is missing, unknown or wrong.
    pub fn change_person(&self, fields: &Value) -> Result<Person, ControlError> {
        self.put_person(Fields::parse(fields.to_string().as_bytes())?)
    }

    fn put_person(&self, fields: Fields) -> Result<Person, ControlError> {
        let mut world = self.world_mut();
        let named = match (fields.peek("id"), fields.peek("name")) {
            (Some(id), _) => Some(world.person(id).ok_or_else(|| ControlError::absent("id", "user", id))?),
            (None, Some(name)) => world.person(name),
            (None, None) => None,
        };
        let base = match named {
            Some((_, person)) => person.clone(),
            None if !fields.has("nickname") => return Err(ControlError::wrong("nickname", "missing")),
            None => {
                let id = world.free_person_id();
                Person::new(&id, &id, "")
            }
        };
        // `id` only names the person: it never changes, because openids are made from it.
        let id = base.id.clone();
        // Asked for `"unionid": null`: has none, rather than the one made from the id.
        let unionid_given = fields.has("unionid");
        let mut person: Person = fields.onto(&base)?;
        if unionid_given {
            person.no_unionid = person.unionid.is_none();
        }
        person.id = id;
        for followed in &mut person.follows {
            let (_, app) =
                world.app(followed).ok_or_else(|| ControlError::absent("follows", "app", followed))?;
            *followed = app.appid.clone();
        }
        world.put_person(person.clone())?;
        Ok(person)
    }
}
