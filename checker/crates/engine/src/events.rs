//! Follows what the engine says about containers while it happens.

use http_body_util::BodyExt;
use serde_json::Value;

use crate::address::Address;
use crate::client::{Engine, escaped};
use crate::deadlines::Deadlines;
use crate::failure::Failure;
use crate::inspect::PROJECT;

/// What changes a container's state or its networks. Commands run in it, health probes among them, do not: they would be told
/// for every container every few seconds, and our own questions would be told too.
const ACTIONS: [&str; 16] = [
    "create",
    "start",
    "die",
    "stop",
    "kill",
    "restart",
    "pause",
    "unpause",
    "oom",
    "destroy",
    "rename",
    "update",
    "health_status",
    "connect",
    "disconnect",
    "remove",
];

/// The longest line that is read, in bytes: an event is a few hundred.
const LONGEST: usize = 1 << 20;

/// Tells when something happens to a Compose project's containers, until the engine goes away or cannot be asked; then it
/// returns. The first time it tells that it listens from now on.
///
/// One `GET /events`, nothing else. A network's events carry no project, so it is known by its name, which Compose begins with the
/// project's; what happens to one with a name of its own is told only where a container of the project changes too.
pub async fn follow(address: &Address, project: &str, mut tell: impl FnMut()) {
    // Why it ended is what the next look at the engine says, in better words.
    let _ = stream(address, project, &mut tell).await;
}

async fn stream(address: &Address, project: &str, tell: &mut impl FnMut()) -> Result<(), Failure> {
    let filters = serde_json::json!({"type": ["container", "network"], "event": ACTIONS});
    let path = format!("/events?filters={}", escaped(&filters.to_string()));
    let engine = Engine::new(address, &Deadlines::default())?;
    let mut body = engine.open(&path).await?;
    tell();
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        read.extend_from_slice(&data);
        while let Some(end) = read.iter().position(|byte| *byte == b'\n') {
            let line: Vec<_> = read.drain(..=end).collect();
            if concerns(&line, project) {
                tell();
            }
        }
        if read.len() > LONGEST {
            return Err(Failure::Nonsense("an event without an end".to_owned()));
        }
    }
    Ok(())
}

fn concerns(line: &[u8], project: &str) -> bool {
    let Ok(event) = serde_json::from_slice::<Value>(line) else {
        return false;
    };
    let word = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    // Podman tells commands run in a container whatever was asked for.
    let is_command = word("/Action").is_some_and(|action| action.starts_with("exec"));
    let attribute = |name: &str| event.pointer("/Actor/Attributes")?.get(name)?.as_str();
    match word("/Type") {
        Some("network") => attribute("name")
            .and_then(|name| name.strip_prefix(project))
            .is_some_and(|rest| rest.starts_with('_')),
        _ => !is_command && attribute(PROJECT) == Some(project),
    }
}

#[cfg(test)]
mod tests {
    use super::concerns;

    fn event(kind: &str, action: &str, project: &str) -> Vec<u8> {
        serde_json::json!({"Type": kind, "Action": action,
            "Actor": {"Attributes": {"com.docker.compose.project": project}}})
        .to_string()
        .into_bytes()
    }

    #[test]
    fn containers_and_networks_of_the_project_concern_it() {
        let network = |name: &str| {
            serde_json::json!({"Type": "network", "Action": "disconnect", "Actor": {"Attributes": {"name": name}}})
                .to_string()
                .into_bytes()
        };
        assert!(concerns(&event("container", "die", "mine"), "mine"));
        assert!(concerns(
            &event("container", "health_status: healthy", "mine"),
            "mine"
        ));
        assert!(concerns(&network("mine_default"), "mine"));
        assert!(!concerns(&network("mine2_default"), "mine"));
        assert!(!concerns(&event("container", "die", "other"), "mine"));
        assert!(!concerns(
            &event("container", "exec_start: redis-cli", "mine"),
            "mine"
        ));
        assert!(!concerns(b"nonsense\n", "mine"));
    }
}
