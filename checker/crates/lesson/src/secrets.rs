//! Secrets are replaced when evidence is captured, before anything is judged, shown or written.
//!
//! What stands in for a secret keeps what checks need: equal secrets get the same stand-in, different ones different
//! ones, and it has the secret's length, so that every column of a file stays where it was. Values that everybody knows
//! (`minioadmin`) are no secrets; that one of them is used is just what a check has to see.

use std::collections::BTreeMap;

use compose::{Node, Span, Step, VariableOrigin};
use serde_json::Value;

use crate::evidence::{Answer, Bytes, Evidence, FileSeen, ImageSeen, Probe, WorldSeen};

/// Passwords that images ship with and guides repeat.
const WELL_KNOWN: [&str; 14] = [
    "minioadmin",
    "minio",
    "admin",
    "root",
    "Milvus",
    "milvus",
    "password",
    "postgres",
    "changeme",
    "secret",
    "user",
    "pass",
    "example",
    "test",
];

/// A secret shorter than this is replaced only where it is the whole value: in running text it would hit other words.
const LONG_ENOUGH: usize = 8;

/// Replaces every secret in the evidence.
pub fn hide(evidence: &mut Evidence) {
    let mut hidden = Hidden::default();
    hide_in_files(evidence, &mut hidden);
    for container in evidence
        .world
        .containers
        .iter_mut()
        .chain(&mut evidence.world.strangers)
    {
        hide_in_environment(&mut container.inspect, &mut hidden);
    }
    hide_in_images(&mut evidence.world, &mut hidden);
    hide_in_contents(&mut evidence.world, &mut hidden);
    hide_everywhere(evidence, &hidden);
}

/// Whether a variable of this name carries a secret.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_uppercase();
    let says_so = [
        "PASSWORD",
        "PASSWD",
        "SECRET",
        "TOKEN",
        "CREDENTIAL",
        "APIKEY",
    ]
    .iter()
    .any(|word| name.contains(word));
    let ends_so = ["_PASS", "_PWD", "API_KEY", "ACCESS_KEY", "PRIVATE_KEY"]
        .iter()
        .any(|end| name.ends_with(end));
    let is_place = name.ends_with("_FILE") || name.ends_with("_PATH");
    (says_so || ends_so) && !is_place
}

/// Secrets met so far, with what stands in for each.
#[derive(Default)]
struct Hidden(BTreeMap<String, String>);

impl Hidden {
    fn is_secret(value: &str) -> bool {
        !value.is_empty() && !WELL_KNOWN.contains(&value)
    }

    fn stand_in(&mut self, secret: &str) -> String {
        // A file may be gone through twice, first by what the project takes from it and then by its name.
        if self.0.values().any(|stand_in| stand_in == secret) {
            return secret.to_owned();
        }
        let next = self.0.len();
        self.0
            .entry(secret.to_owned())
            .or_insert_with(|| stand_in(next, secret.len()))
            .clone()
    }

    /// Replaces long secrets wherever they stand in a text.
    fn in_text(&self, text: &mut String) {
        for (secret, stand_in) in &self.0 {
            if secret.len() >= LONG_ENOUGH && text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), stand_in);
            }
        }
    }
}

/// A word of exactly this many bytes, different for each index: `hiddenx0`.
fn stand_in(index: usize, length: usize) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut number = Vec::new();
    let mut rest = index;
    loop {
        number.insert(0, char::from(DIGITS[rest % DIGITS.len()]));
        rest /= DIGITS.len();
        if rest == 0 {
            break;
        }
    }
    let number: String = number.into_iter().collect();
    let room = length.saturating_sub(number.len());
    let word: String = "hidden"
        .chars()
        .chain(std::iter::repeat('x'))
        .take(room)
        .collect();
    word + &number
}

fn hide_in_files(evidence: &mut Evidence, hidden: &mut Hidden) {
    let loaded = crate::load(evidence);
    let variables: Vec<_> = loaded
        .project
        .iter()
        .flat_map(|project| project.services())
        .flat_map(|service| {
            let arguments = crate::build::arguments(&service);
            service
                .environment_all()
                .chain(arguments)
                .collect::<Vec<_>>()
        })
        .collect();
    let mut spans: Vec<(Span, String, Written)> = Vec::new();
    for (name, node) in &variables {
        let Some(value) = node.scalar_text() else {
            continue;
        };
        if let Some(secret) = secret_in(name, &value) {
            hidden.stand_in(&secret);
        }
    }
    for (name, node) in &variables {
        let Some(value) = node.scalar_text() else {
            continue;
        };
        // The same word may be the user's name on one side and the password on the other: both stay equal.
        let known = (hidden.0.contains_key(&value) && is_login_name(name)).then_some(value.clone());
        if let Some(secret) = secret_in(name, &value).or(known) {
            let has_variables = node
                .origin
                .steps
                .iter()
                .any(|step| matches!(step, Step::Interpolated { .. }));
            let whole = if has_variables || secret != value {
                Written::InPart
            } else {
                Written::Whole
            };
            spans.push((node.span(), secret.clone(), whole));
            spans.extend(
                origins(node)
                    .into_iter()
                    .skip(1)
                    .map(|span| (span, secret.clone(), Written::InPart)),
            );
        }
    }
    // From the end of each file, so that earlier places stay where they are.
    spans.sort_by_key(|(span, ..)| std::cmp::Reverse((span.source, span.start)));
    for (span, secret, written) in spans {
        let path = loaded.sources.get(span.source).path.clone();
        let stand_in = hidden.stand_in(&secret);
        if let Some(FileSeen::Text(text)) = evidence.files.files.get_mut(&path) {
            replace_in_span(text, span, &secret, &stand_in, written);
        }
    }
    for (path, span, name, value) in
        crate::build::variables_in_dockerfiles(&evidence.files, &loaded)
    {
        // A variable is no secret; what it stands for is given elsewhere.
        let secret = secret_in(&name, value.trim_matches(['"', '\'']));
        if let Some(secret) = secret.filter(|secret| !secret.contains('$')) {
            let stand_in = hidden.stand_in(&secret);
            if let Some(FileSeen::Text(text)) = evidence.files.files.get_mut(&path) {
                replace_in_span(text, span, &secret, &stand_in, Written::InPart);
            }
        }
    }
    for (path, seen) in &mut evidence.files.files {
        let FileSeen::Text(text) = seen else { continue };
        if let Some(shown) = hide_by_name(path, text, hidden) {
            *text = shown;
        }
    }
    for (name, value) in &mut evidence.files.environment {
        if let Some(secret) = secret_in(name, value) {
            *value = value.replace(&secret, &hidden.stand_in(&secret));
        }
    }
}

/// The secret in a variable: its whole value, or the password of an address such as `postgresql://user:password@host`.
fn secret_in(name: &str, value: &str) -> Option<String> {
    let whole = is_secret_name(name).then_some(value);
    let in_address = || {
        let (_, rest) = value.split_once("://")?;
        let (login, _) = rest.split(['/', '?', '#']).next()?.rsplit_once('@')?;
        login.split_once(':').map(|(_, password)| password)
    };
    whole
        .or_else(in_address)
        .filter(|secret| Hidden::is_secret(secret))
        .map(str::to_owned)
}

/// Whether a variable of this name may hold one half of a login.
fn is_login_name(name: &str) -> bool {
    let name = name.to_uppercase();
    [
        "USER", "LOGIN", "ACCESS", "AUTH", "PASS", "SECRET", "TOKEN", "KEY",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// Every place that a value came from: where it stands, and where the variables in it were set.
fn origins(node: &Node) -> Vec<Span> {
    let variables = node.origin.steps.iter().filter_map(|step| match step {
        Step::Interpolated {
            from: VariableOrigin::File(span),
            ..
        } => Some(*span),
        _ => None,
    });
    std::iter::once(node.origin.span).chain(variables).collect()
}

/// How much of a span is the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    /// All of it, in some spelling: in quotes, with escapes, or as a number that means another one.
    Whole,
    /// A part, letter by letter.
    InPart,
}

fn replace_in_span(text: &mut String, span: Span, secret: &str, stand_in: &str, written: Written) {
    const BYTE_ORDER_MARK: char = '\u{feff}';
    let offset = if text.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len_utf8()
    } else {
        0
    };
    let (start, end) = (span.start as usize + offset, span.end as usize + offset);
    let Some(part) = text.get(start..end) else {
        return;
    };
    if let Some(position) = part.rfind(secret) {
        let place = start + position..start + position + secret.len();
        text.replace_range(place, stand_in);
    } else if written == Written::Whole {
        // `NAME=value` of a list keeps its name. Blanks keep what follows on the line in its column.
        let name = part.find('=').map_or(0, |equals| equals + 1);
        let name = if is_name(&part[..name]) { name } else { 0 };
        let blanks = " ".repeat(part.len().saturating_sub(name + stand_in.len()));
        text.replace_range(start + name..end, &format!("{stand_in}{blanks}"));
    }
}

/// `NAME=`
fn is_name(text: &str) -> bool {
    text.strip_suffix('=').is_some_and(|name| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// The text of a file without the secrets that its kind has, which its name tells; nothing where that is no such kind.
fn hide_by_name(path: &str, text: &str, hidden: &mut Hidden) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or_default();
    if name == ".env" || name.ends_with(".env") || name.starts_with(".env.") {
        Some(hide_in_assignments(text, hidden))
    } else if name.ends_with(".conf") {
        Some(hide_in_settings(text, hidden))
    } else {
        None
    }
}

/// Whether a value's secret, if it has one, stands elsewhere: `${PASSWORD}`, `postgresql://app:${PASSWORD}@db`.
fn names_variables_only(value: &str) -> bool {
    let in_address = secret_in("", value);
    let secret = in_address.as_deref().unwrap_or(value);
    let name = secret
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
        .or(secret.strip_prefix('$'));
    name.is_some_and(|name| {
        !name.is_empty()
            && name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    })
}

/// `NAME=value` lines, as in `.env` files.
fn hide_in_assignments(text: &str, hidden: &mut Hidden) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let Some((name, rest)) = line.split_once('=') else {
            return line.to_owned();
        };
        let value = rest.trim().trim_matches(['"', '\'']);
        if names_variables_only(value) {
            return line.to_owned();
        }
        let name = name.trim().trim_start_matches("export ").trim();
        let known = (hidden.0.contains_key(value) && is_login_name(name)).then(|| value.to_owned());
        let Some(secret) = secret_in(name, value).or(known) else {
            return line.to_owned();
        };
        let stand_in = hidden.stand_in(&secret);
        let start = line.len() - rest.len() + rest.rfind(&secret).unwrap_or_default();
        format!(
            "{}{stand_in}{}",
            &line[..start],
            &line[start + secret.len()..]
        )
    });
    lines.collect()
}

/// `name value` lines, as in Redis' configuration file, whose names for a password are words of its own.
fn hide_in_settings(text: &str, hidden: &mut Hidden) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default().to_lowercase();
        let is_secret =
            matches!(name.as_str(), "requirepass" | "masterauth") || is_secret_name(&name);
        let secrets = words.filter_map(|word| match name.as_str() {
            // `user ada on >password`
            "user" => word.strip_prefix('>'),
            _ => is_secret.then(|| word.trim_matches(['"', '\''])),
        });
        secrets
            .filter(|secret| Hidden::is_secret(secret))
            .fold(line.to_owned(), |line, secret| {
                line.replace(secret, &hidden.stand_in(secret))
            })
    });
    lines.collect()
}

fn hide_in_environment(inspect: &mut Value, hidden: &mut Hidden) {
    let entries = inspect
        .pointer_mut("/Config/Env")
        .and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten() {
        let Some((name, value)) = entry.as_str().and_then(|text| text.split_once('=')) else {
            continue;
        };
        let known = (hidden.0.contains_key(value) && is_login_name(name)).then(|| value.to_owned());
        if let Some(secret) = secret_in(name, value).or(known) {
            let shown = value.replace(&secret, &hidden.stand_in(&secret));
            *entry = Value::from(format!("{name}={shown}"));
        }
    }
}

/// An image carries what its Dockerfile says: variables, and the words of its steps, in which arguments of the build stand too.
fn hide_in_images(world: &mut WorldSeen, hidden: &mut Hidden) {
    for seen in world.images.values_mut() {
        if let ImageSeen::Present(inspect) = seen {
            hide_in_environment(inspect, hidden);
        }
    }
    let steps = world.histories.values_mut().filter_map(Value::as_array_mut);
    for step in steps.flatten() {
        let Some(text) = step.get("CreatedBy").and_then(Value::as_str) else {
            continue;
        };
        let secrets = text.split_whitespace().filter_map(|word| {
            let (name, value) = word.split_once('=')?;
            secret_in(name, value.trim_matches(['"', '\'']))
        });
        let shown = secrets.fold(text.to_owned(), |shown, secret| {
            shown.replace(
                &format!("={secret}"),
                &format!("={}", hidden.stand_in(&secret)),
            )
        });
        step["CreatedBy"] = Value::from(shown);
    }
}

/// Files of a container are files like the learner's own.
fn hide_in_contents(world: &mut WorldSeen, hidden: &mut Hidden) {
    for answered in &mut world.answers {
        if let (Probe::File { path, .. }, Answer::File(seen)) =
            (&answered.probe, &mut answered.answer)
            && let Some(contents) = &mut seen.contents
            && let Ok(text) = std::str::from_utf8(&contents.0)
            && let Some(shown) = hide_by_name(path, text, hidden)
        {
            contents.0 = shown.into_bytes();
        }
    }
}

/// Long secrets may also stand in commands, logs and answers.
fn hide_everywhere(evidence: &mut Evidence, hidden: &Hidden) {
    if hidden.0.keys().all(|secret| secret.len() < LONG_ENOUGH) {
        return;
    }
    for seen in evidence.files.files.values_mut() {
        if let FileSeen::Text(text) = seen {
            hidden.in_text(text);
        }
    }
    let world = &mut evidence.world;
    for container in world.containers.iter_mut().chain(&mut world.strangers) {
        hide_in_value(&mut container.inspect, hidden);
        container
            .last_lines
            .iter_mut()
            .for_each(|line| hidden.in_text(line));
    }
    for seen in world.images.values_mut() {
        if let ImageSeen::Present(inspect) = seen {
            hide_in_value(inspect, hidden);
        }
    }
    for history in world.histories.values_mut() {
        hide_in_value(history, hidden);
    }
    for answered in &mut world.answers {
        match &mut answered.answer {
            Answer::Http { body, .. } | Answer::Grpc { body, .. } => hide_in_bytes(body, hidden),
            Answer::Exec { stdout, stderr, .. } => {
                hide_in_bytes(stdout, hidden);
                hide_in_bytes(stderr, hidden);
            }
            Answer::Log { lines } => lines.iter_mut().for_each(|line| hidden.in_text(line)),
            Answer::Processes { processes } => {
                processes
                    .iter_mut()
                    .for_each(|process| hidden.in_text(&mut process.command));
            }
            Answer::File(seen) => {
                if let Some(contents) = &mut seen.contents {
                    hide_in_bytes(contents, hidden);
                }
            }
            Answer::Tcp { .. } | Answer::NoFile | Answer::None(_) => {}
        }
    }
}

fn hide_in_value(value: &mut Value, hidden: &Hidden) {
    match value {
        Value::String(text) => hidden.in_text(text),
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| hide_in_value(item, hidden)),
        Value::Object(entries) => entries
            .values_mut()
            .for_each(|item| hide_in_value(item, hidden)),
        _ => {}
    }
}

/// Only text is searched: a stand-in of the same length keeps even binary messages whole, but they carry no secrets.
fn hide_in_bytes(bytes: &mut Bytes, hidden: &Hidden) {
    if let Ok(mut text) = String::from_utf8(bytes.0.clone()) {
        hidden.in_text(&mut text);
        bytes.0 = text.into_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_has_the_secrets_length_and_is_its_own() {
        for length in 1..20 {
            assert_eq!(stand_in(3, length).len(), length);
            assert_ne!(stand_in(3, length), stand_in(4, length));
        }
        assert_eq!(stand_in(0, 10), "hiddenxxx0");
    }

    #[test]
    fn names_tell_secrets_from_other_settings() {
        for name in [
            "MINIO_ROOT_PASSWORD",
            "MINIO_SECRET_ACCESS_KEY",
            "OPENAI_API_KEY",
            "db_password",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "PARTITION_KEY",
            "MINIO_ROOT_PASSWORD_FILE",
            "MINIO_ACCESS_KEY_ID",
            "MQ_TYPE",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn passwords_of_a_configuration_file_are_hidden_and_nothing_else_moves() {
        let text = "save \"\"\nrequirepass \"battery-horse\"\nuser ada on >staple-12 ~* +@all\n";
        let mut hidden = Hidden::default();
        let shown = hide_in_settings(text, &mut hidden);
        assert_eq!(
            shown,
            "save \"\"\nrequirepass \"hiddenxxxxxx0\"\nuser ada on >hiddenxx1 ~* +@all\n"
        );
    }

    /// Two files of variables: one has the secrets, the other only names them.
    #[test]
    fn what_a_file_of_variables_takes_from_another_stays_the_same_secret() {
        let texts = [
            (
                "compose.yaml",
                "services:\n  a:\n    image: x\n    env_file: app.env\n",
            ),
            (
                "app.env",
                "JWT_SECRET=${JWT}\nDB=postgresql://app:${PASSWORD}@db/app\n",
            ),
            (
                ".env",
                "JWT=horse-battery-staple\nPASSWORD=for-this-test-only\n",
            ),
        ];
        let files = texts.map(|(path, text)| (path.to_owned(), FileSeen::Text(text.to_owned())));
        let mut evidence = Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files: crate::evidence::FilesSeen {
                folder_name: "test".to_owned(),
                files: files.into(),
                ..Default::default()
            },
            world: WorldSeen {
                containers: vec![crate::evidence::ContainerSeen {
                    inspect: serde_json::json!({"Config": {"Env": [
                        "JWT_SECRET=horse-battery-staple",
                        "DB=postgresql://app:for-this-test-only@db/app",
                    ]}}),
                    last_lines: Vec::new(),
                }],
                ..WorldSeen::default()
            },
        };
        hide(&mut evidence);
        let loaded = crate::load(&evidence);
        let project = loaded.project.expect("it still loads");
        let service = project.service("a").expect("a service");
        for (at, name) in ["JWT_SECRET", "DB"].into_iter().enumerate() {
            let told = service.environment(name).and_then(Node::as_str);
            let told = format!("{name}={}", told.expect("a value"));
            assert_eq!(
                evidence.world.containers[0].inspect["Config"]["Env"][at],
                told
            );
            assert!(
                !told.contains("horse") && !told.contains("for-this"),
                "{told}"
            );
        }
    }

    #[test]
    fn a_secret_is_hidden_however_it_is_written() {
        let text = "services:\n  a:\n    image: x\n    environment:\n      A_PASSWORD: pa$$word12 # why\n      B_PASSWORD: \"\\x70a$$word12\"\n      \
            C_PASSWORD: 0123456700\n      D_PASSWORD: \"0123456700\"\n  b:\n    image: x\n    environment: [E_PASSWORD=pa$$word12]\n";
        let files = crate::evidence::FilesSeen {
            folder_name: "test".to_owned(),
            files: [("compose.yaml".to_owned(), FileSeen::Text(text.to_owned()))].into(),
            ..Default::default()
        };
        let mut evidence = Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files,
            world: Default::default(),
        };
        hide(&mut evidence);
        let shown = format!("{:?}", evidence.files);
        assert!(
            !shown.contains("word12") && !shown.contains("123456"),
            "{shown}"
        );
        let loaded = crate::load(&evidence);
        let project = loaded.project.expect("the file still loads");
        let value = |service: &str, name: &str| {
            project
                .service(service)
                .and_then(|service| service.environment(name)?.scalar_text())
        };
        // The same password stays the same; a number that YAML reads as another one stays another one.
        assert_eq!(value("a", "A_PASSWORD"), value("a", "B_PASSWORD"));
        assert_eq!(value("a", "A_PASSWORD"), value("b", "E_PASSWORD"));
        assert_ne!(value("a", "C_PASSWORD"), value("a", "D_PASSWORD"));
    }

    #[test]
    fn a_secret_of_env_has_one_stand_in_wherever_the_project_takes_it() {
        let compose = "services: {a: {image: x, command: 'run --pass ${A_PASSWORD}', environment: {A_PASSWORD: '${A_PASSWORD}'}}}";
        let files = [
            ("compose.yaml", compose),
            (".env", "A_PASSWORD=open-sesame-7\n"),
        ];
        let mut hidden = Hidden::default();
        let mut evidence = Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files: crate::evidence::FilesSeen {
                folder_name: "test".to_owned(),
                files: files
                    .map(|(path, text)| (path.to_owned(), FileSeen::Text(text.to_owned())))
                    .into(),
                ..Default::default()
            },
            world: Default::default(),
        };
        hide_in_files(&mut evidence, &mut hidden);
        let stand_in = hidden.0.get("open-sesame-7").cloned().expect("a stand-in");
        assert_eq!(hidden.0.len(), 1);
        let shown = FileSeen::Text(format!("A_PASSWORD={stand_in}\n"));
        assert_eq!(evidence.files.files.get(".env"), Some(&shown));
    }

    #[test]
    fn what_a_dockerfile_bakes_in_is_hidden_in_image_and_history() {
        use crate::evidence::{Answered, FileInside, FileKind};
        let image = serde_json::json!({"Config": {"Env": ["PATH=/bin", "API_KEY=tulip-4711"]}});
        let steps = serde_json::json!([
            {"CreatedBy": "CMD [\"run\"]"},
            {"CreatedBy": "RUN |1 PIP_TOKEN=rose-0815 /bin/sh -c pip install -i https://x:rose-0815@y/ z # buildkit"},
            {"CreatedBy": "ENV API_KEY=tulip-4711"},
        ]);
        let answer = Answer::File(FileInside {
            kind: FileKind::File,
            size: 24,
            mode: 0o644,
            uid: 0,
            gid: 0,
            link: None,
            contents: Some(Bytes(b"DB_PASSWORD=daisy-123456\n".to_vec())),
        });
        let probe = Probe::File {
            service: "api".to_owned(),
            path: "/app/.env".to_owned(),
            contents: true,
        };
        let world = WorldSeen {
            images: [("x".to_owned(), ImageSeen::Present(image))].into(),
            histories: [("x".to_owned(), steps)].into(),
            answers: vec![Answered {
                probe,
                answer,
                took_ms: 1,
            }],
            ..WorldSeen::default()
        };
        let mut evidence = Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files: Default::default(),
            world,
        };
        hide(&mut evidence);
        let shown = serde_json::to_string(&evidence).expect("JSON");
        for secret in ["tulip-4711", "rose-0815", "daisy-123456"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        assert!(shown.contains("API_KEY=hidden") && shown.contains("PIP_TOKEN=hidden"));
    }

    #[test]
    fn a_secret_in_a_dockerfile_or_a_build_argument_is_hidden() {
        let compose = "services: {api: {build: {context: ., args: {API_TOKEN: tok-12345678}}}}";
        let dockerfile = "FROM busybox\nARG API_TOKEN\nENV DB_PASSWORD=\"pass-word-1\" MODE=fast TOKEN=$API_TOKEN\n";
        let text = |path: &str, text: &str| (path.to_owned(), FileSeen::Text(text.to_owned()));
        let mut evidence = Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files: crate::evidence::FilesSeen {
                folder_name: "test".to_owned(),
                files: [
                    text("compose.yaml", compose),
                    text("Dockerfile", dockerfile),
                ]
                .into(),
                ..Default::default()
            },
            world: Default::default(),
        };
        hide(&mut evidence);
        let shown = format!("{:?}", evidence.files);
        assert!(
            !shown.contains("tok-12345678") && !shown.contains("pass-word-1"),
            "{shown}"
        );
        assert!(
            shown.contains("MODE=fast") && shown.contains("$API_TOKEN"),
            "{shown}"
        );
    }

    #[test]
    fn assignments_keep_their_form() {
        let mut hidden = Hidden::default();
        let text =
            "USER=ada\nDB_PASSWORD=\"correct horse\" \nAGAIN_TOKEN='correct horse'\nX=minioadmin\n";
        let changed = hide_in_assignments(text, &mut hidden);
        assert_eq!(changed.len(), text.len());
        assert!(!changed.contains("correct horse"));
        assert_eq!(changed.matches("hiddenxxxxxx0").count(), 2);
        assert!(changed.contains("USER=ada") && changed.contains("X=minioadmin"));
    }
}
