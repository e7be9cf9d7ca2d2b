//! What the state file keeps of messages: what people accepted and what they got. Pushes that wait are not kept, nor are
//! `client_msg_id`s, which count for ten minutes.

use serde::{Deserialize, Serialize};

use crate::{
    Simulator,
    world::{Message, World, subscriptions::Standing},
};

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Messages {
    subscriptions: Vec<KeptStanding>,
    inbox: Vec<Message>,
}

#[derive(Serialize, Deserialize)]
struct KeptStanding {
    openid: String,
    template_id: String,
    #[serde(flatten)]
    standing: Standing,
}

impl Messages {
    pub fn of(simulator: &Simulator) -> Self {
        let kept = |(openid, template_id, standing)| KeptStanding { openid, template_id, standing };
        Self {
            subscriptions: simulator.subscriptions().snapshot().into_iter().map(kept).collect(),
            inbox: simulator.inbox().snapshot(),
        }
    }

    /// Puts everything where it was. What names an openid that is not there is dropped.
    pub fn restore(self, simulator: &Simulator, world: &World) {
        for KeptStanding { openid, template_id, standing } in self.subscriptions {
            if world.owner(&openid).is_some() {
                simulator.subscriptions().restore(&openid, template_id, standing);
            }
        }
        for message in self.inbox {
            if let Some((_, person)) = world.owner(&message.touser) {
                simulator.inbox().add(person, message);
            }
        }
    }
}
