//! What a file and a container say of single settings, for `containers-match-file`.

use std::collections::BTreeSet;

use compose::{Node, Service};
use serde_json::Value;

use crate::container::Container;

/// What the file says and what the container has.
pub struct Difference {
    /// The setting, as the file calls it.
    pub what: String,
    /// What the file says.
    pub file: String,
    /// What the container has.
    pub container: String,
}

impl Difference {
    fn unless_same<T: PartialEq>(
        what: &str,
        said: T,
        has: T,
        shown: impl Fn(&T) -> String,
    ) -> Option<Self> {
        (said != has).then(|| Self {
            what: what.to_owned(),
            file: shown(&said),
            container: shown(&has),
        })
    }
}

/// The settings that differ. Those that an image may set too are compared where its `Config` is known.
pub fn differences(
    service: &Service<'_>,
    container: Container<'_>,
    of_image: Option<&Value>,
) -> Vec<Difference> {
    let differences = [
        switch(service, container, "init", "HostConfig.Init"),
        switch(service, container, "read_only", "HostConfig.ReadonlyRootfs"),
        switch(service, container, "privileged", "HostConfig.Privileged"),
        restart(service, container),
        grace_period(service, container),
        capabilities(service, container, "cap_add", "HostConfig.CapAdd"),
        capabilities(service, container, "cap_drop", "HostConfig.CapDrop"),
        text(service, container, of_image, "user", "User"),
        text(service, container, of_image, "working_dir", "WorkingDir"),
        stop_signal(service, container, of_image),
    ];
    differences.into_iter().flatten().collect()
}

fn said(service: &Service<'_>, key: &str) -> Option<String> {
    service.node().child(key).and_then(Node::scalar_text)
}

fn in_quotes(text: &Option<String>) -> String {
    text.as_ref()
        .map_or("none".to_owned(), |text| format!("`{text}`"))
}

/// A key that is true or not there.
fn switch(
    service: &Service<'_>,
    container: Container<'_>,
    key: &str,
    path: &str,
) -> Option<Difference> {
    let said = said(service, key).as_deref() == Some("true");
    let has = container.field(path).and_then(Value::as_bool);
    Difference::unless_same(key, said, has.unwrap_or_default(), bool::to_string)
}

/// `restart: on-failure:3`; what `deploy.restart_policy` makes of it is left alone.
fn restart(service: &Service<'_>, container: Container<'_>) -> Option<Difference> {
    if service.node().get("deploy.restart_policy").is_some() {
        return None;
    }
    let said = said(service, "restart").unwrap_or_else(|| "no".to_owned());
    let policy = |key: &str| container.field(&format!("HostConfig.RestartPolicy.{key}"));
    let name = policy("Name").and_then(Value::as_str)?;
    let name = if name.is_empty() { "no" } else { name };
    let times = policy("MaximumRetryCount").and_then(Value::as_u64);
    let has = match times.filter(|times| *times > 0) {
        Some(times) => format!("{name}:{times}"),
        None => name.to_owned(),
    };
    // `on-failure:0` is on-failure for ever.
    let said = said.trim_end_matches(":0").to_owned();
    Difference::unless_same("restart", said, has, |text| format!("`{text}`"))
}

/// The engine counts whole seconds. An image says nothing about them.
fn grace_period(service: &Service<'_>, container: Container<'_>) -> Option<Difference> {
    let said = match said(service, "stop_grace_period") {
        Some(text) => Some(compose::units::duration(&text).ok()?.as_secs()),
        None => None,
    };
    let has = container
        .field("Config.StopTimeout")
        .and_then(Value::as_u64);
    let shown = |seconds: &Option<u64>| match seconds {
        Some(seconds) => format!("{seconds} s"),
        None => "none".to_owned(),
    };
    Difference::unless_same("stop_grace_period", said, has, shown)
}

fn capabilities(
    service: &Service<'_>,
    container: Container<'_>,
    key: &str,
    path: &str,
) -> Option<Difference> {
    let plain = |name: &str| {
        let name = name.to_uppercase();
        name.strip_prefix("CAP_").unwrap_or(&name).to_owned()
    };
    let said = service.node().child(key).and_then(Node::as_sequence);
    let said: BTreeSet<String> = said
        .into_iter()
        .flatten()
        .filter_map(|node| Some(plain(node.as_str()?)))
        .collect();
    let has = container.field(path).and_then(Value::as_array);
    let has: BTreeSet<String> = has
        .into_iter()
        .flatten()
        .filter_map(|name| Some(plain(name.as_str()?)))
        .collect();
    Difference::unless_same(key, said, has, |names| match names.is_empty() {
        true => "none".to_owned(),
        false => names.iter().cloned().collect::<Vec<_>>().join(", "),
    })
}

/// A text that the image may set as well.
fn text(
    service: &Service<'_>,
    container: Container<'_>,
    of_image: Option<&Value>,
    key: &str,
    name: &str,
) -> Option<Difference> {
    let some = |value: Option<&Value>| {
        let text = value.and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let said = match said(service, key) {
        Some(said) => Some(said),
        None => some(of_image?.get(name)),
    };
    let has = some(container.field(&format!("Config.{name}")));
    // `/app/` is the same folder.
    let plain = |text: Option<String>| match (key, text) {
        ("working_dir", text) => {
            let text = text.unwrap_or_default();
            Some(format!("/{}", text.trim_matches('/')))
        }
        (_, text) => text,
    };
    Difference::unless_same(key, plain(said), plain(has), in_quotes)
}

/// Numbers are left alone: the engine keeps what was written.
fn stop_signal(
    service: &Service<'_>,
    container: Container<'_>,
    of_image: Option<&Value>,
) -> Option<Difference> {
    let plain = |text: &str| {
        let name = text.to_uppercase();
        let name = name.strip_prefix("SIG").unwrap_or(&name).to_owned();
        if name.is_empty() {
            "TERM".to_owned()
        } else {
            name
        }
    };
    let of = |value: Option<&Value>| value.and_then(Value::as_str).map(plain);
    let said = match said(service, "stop_signal") {
        Some(said) => plain(&said),
        None => of(of_image?.get("StopSignal")).unwrap_or_else(|| plain("")),
    };
    let has = of(container.field("Config.StopSignal")).unwrap_or_else(|| plain(""));
    let is_number = |text: &str| text.bytes().all(|letter| letter.is_ascii_digit());
    if is_number(&said) || is_number(&has) {
        return None;
    }
    Difference::unless_same("stop_signal", said, has, |name| format!("SIG{name}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_containers};

    fn on(service: &str, config: serde_json::Value, host: serde_json::Value) -> Judged {
        let mut inspect = json!({
            "Name": "/test-web-1",
            "State": {"Status": "running"},
            "Config": {"Image": "x", "Labels": {"com.docker.compose.service": "web"}, "StopSignal": "SIGTERM"},
            "HostConfig": {"RestartPolicy": {"Name": "no"}},
        });
        for (part, more) in [("Config", config), ("HostConfig", host)] {
            let (Some(part), Some(more)) = (inspect[part].as_object_mut(), more.as_object()) else {
                panic!("mappings");
            };
            part.extend(more.clone());
        }
        let file = format!("services: {{web: {{image: x{service}}}}}");
        on_containers("containers-match-file", json!({}), &file, &[inspect])
    }

    #[test]
    fn every_setting_is_held_against_the_container() {
        let none = || json!({});
        for (service, config, host) in [
            ("", none(), none()),
            (", init: true", none(), json!({"Init": true})),
            (", init: false", none(), json!({"Init": false})),
            (", read_only: true", none(), json!({"ReadonlyRootfs": true})),
            (
                ", restart: 'on-failure:3'",
                none(),
                json!({"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}),
            ),
            (
                ", restart: unless-stopped",
                none(),
                json!({"RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0}}),
            ),
            (
                ", stop_grace_period: 1m30s",
                json!({"StopTimeout": 90}),
                none(),
            ),
            (
                ", stop_grace_period: 1500ms",
                json!({"StopTimeout": 1}),
                none(),
            ),
            (
                ", cap_drop: [ALL], cap_add: [CAP_CHOWN, net_raw]",
                none(),
                json!({"CapDrop": ["ALL"], "CapAdd": ["CAP_CHOWN", "CAP_NET_RAW"]}),
            ),
            (
                ", user: '10001:10001'",
                json!({"User": "10001:10001"}),
                none(),
            ),
            (
                ", working_dir: /app/",
                json!({"WorkingDir": "/app"}),
                none(),
            ),
            (
                ", stop_signal: INT",
                json!({"StopSignal": "SIGINT"}),
                none(),
            ),
            (
                ", stop_signal: '2'",
                json!({"StopSignal": "SIGINT"}),
                none(),
            ),
            (
                ", deploy: {restart_policy: {condition: any}}",
                none(),
                json!({"RestartPolicy": {"Name": "always"}}),
            ),
            // Without the image nobody knows whose it is.
            ("", json!({"User": "999", "WorkingDir": "/x"}), none()),
        ] {
            let judged = on(service, config, host);
            assert!(matches!(judged, Judged::Holds), "{service}: {judged:?}");
        }
        for (service, config, host, found) in [
            (
                ", init: true",
                none(),
                none(),
                "init: your file says true, the container has false",
            ),
            (
                "",
                none(),
                json!({"Init": true}),
                "init: your file says false",
            ),
            (
                ", restart: always",
                none(),
                none(),
                "restart: your file says `always`, the container has `no`",
            ),
            (
                ", stop_grace_period: 1m",
                none(),
                none(),
                "stop_grace_period: your file says 60 s, the container has none",
            ),
            (
                "",
                json!({"StopTimeout": 60}),
                none(),
                "the container has 60 s",
            ),
            (
                ", cap_drop: [ALL]",
                none(),
                none(),
                "cap_drop: your file says ALL, the container has none",
            ),
            (
                ", user: root",
                json!({"User": "10001"}),
                none(),
                "user: your file says `root`, the container has `10001`",
            ),
            (
                ", working_dir: /srv",
                json!({"WorkingDir": "/app"}),
                none(),
                "working_dir: your file says `/srv`",
            ),
            (
                ", stop_signal: SIGINT",
                none(),
                none(),
                "stop_signal: your file says SIGINT, the container has SIGTERM",
            ),
        ] {
            finds(on(service, config, host), found);
        }
        holds(on("", json!({"Cmd": null}), json!({})));
    }
}
